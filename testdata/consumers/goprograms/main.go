// Goprograms writes the trace of a program as people have them to standard output.
//
//	goprograms server | pipeline | collector | leaks
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"time"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type page struct {
	mutex sync.Mutex
	hits  int
}

func (p *page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	p.mutex.Lock()
	p.hits++
	hits := p.hits
	if hits%10 == 0 {
		time.Sleep(time.Millisecond)
	}
	p.mutex.Unlock()
	fmt.Fprintln(w, hits)
}

func visit(url string, count int) {
	client := http.Client{Transport: &http.Transport{}}
	for range count {
		answer, err := client.Get(url)
		check(err)
		_, err = io.Copy(io.Discard, answer.Body)
		check(err)
		check(answer.Body.Close())
	}
	client.CloseIdleConnections()
}

func server() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	web := http.Server{Handler: &page{}}
	go web.Serve(listener)
	var visitors sync.WaitGroup
	for range 16 {
		visitors.Go(func() { visit("http://"+listener.Addr().String(), 100) })
	}
	visitors.Wait()
	check(web.Close())
}

func stage(in <-chan int, out chan<- int, work int) {
	for n := range in {
		for i := range work {
			n ^= n<<3 + i
		}
		out <- n
	}
	close(out)
}

func pipeline() {
	first := make(chan int)
	last := (<-chan int)(first)
	for i := range 8 {
		next := make(chan int, i)
		go stage(last, next, 1000*i)
		last = next
	}
	go func() {
		for n := range 4000 {
			first <- n
		}
		close(first)
	}()
	for range last {
	}
}

type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

func collector() {
	kept := grow(16)
	var growers sync.WaitGroup
	for range 4 {
		growers.Go(func() {
			for range 40 {
				grow(13)
			}
		})
	}
	growers.Wait()
	runtime.GC()
	runtime.KeepAlive(kept)
}

func leaks() {
	never := make(chan int)
	var held sync.Mutex
	held.Lock()
	for i := range 60 {
		go func() { never <- i }()
		go func() { held.Lock() }()
		go func() {
			select {
			case <-never:
			case <-time.After(time.Duration(i) * time.Millisecond):
			}
		}()
	}
	time.Sleep(1200 * time.Millisecond)
}

func main() {
	programs := map[string]func(){
		"server": server, "pipeline": pipeline, "collector": collector, "leaks": leaks}
	if len(os.Args) != 2 || programs[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: goprograms server | pipeline | collector | leaks")
		os.Exit(2)
	}
	check(trace.Start(os.Stdout))
	programs[os.Args[1]]()
	trace.Stop()
}
