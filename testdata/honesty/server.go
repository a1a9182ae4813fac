// A server, its clients and a lock in one process, traced by Go's own tracer into a file.
package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/trace"
	"sync"
	"time"
)

var (
	lock   sync.Mutex
	counts = map[string]int{}
)

func handle(w http.ResponseWriter, r *http.Request) {
	lock.Lock()
	counts[r.URL.Path]++
	time.Sleep(50 * time.Microsecond)
	lock.Unlock()
	io.WriteString(w, "hello\n")
}

func main() {
	file, err := os.Create(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := trace.Start(file); err != nil {
		log.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(handle))
	until := time.Now().Add(500 * time.Millisecond)
	var clients sync.WaitGroup
	for i := 0; i < 4; i++ {
		clients.Add(1)
		go func() {
			defer clients.Done()
			for time.Now().Before(until) {
				answer, err := http.Get(server.URL + "/page")
				if err != nil {
					log.Fatal(err)
				}
				io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		}()
	}
	clients.Wait()
	server.Close()
	trace.Stop()
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
}
