// As Go says it, in its own trace, where locks have no object: golang VARIANT TRACE.
// lock-convoy, 1: a Mutex, 2 ms under it. 2: a RWMutex that all write. holder-asleep, 3: sleeps with the Mutex.
// world-paused, 4: asks for the memory's figures all the time. 5: collects all the time. 6: asks for all goroutines' stacks.
// Clean, 11: computes before it locks. 12: a channel and who takes from it. 13: sleeps without the Mutex.
// 14: asks for figures that need no pause. 15: uses its memory again. 16: asks for its own stack only.
package main

import (
	"os"
	"runtime"
	"runtime/metrics"
	"runtime/trace"
	"strconv"
	"sync"
	"time"
)

var lock sync.Mutex
var other sync.RWMutex
var sum int

func compute(ms int) {
	for end := time.Now().Add(time.Duration(ms) * time.Millisecond); time.Now().Before(end); {
	}
}

func convoy() {
	lock.Lock() // /* here:1 */
	compute(2)
	sum++
	lock.Unlock()
}

func write() {
	other.Lock() // /* here:2 */
	compute(2)
	sum++
	other.Unlock()
}

func nap() {
	lock.Lock() // /* here:3 */
	time.Sleep(5 * time.Millisecond)
	sum++
	lock.Unlock()
}

func quick(prepare func()) {
	prepare()
	lock.Lock()
	sum++
	lock.Unlock()
}

func turn(variant int) {
	switch variant {
	case 1:
		convoy()
	case 2:
		write()
	case 3:
		nap()
	case 13:
		quick(func() { time.Sleep(5 * time.Millisecond) })
	default:
		quick(func() { compute(2) })
	}
}

func channel() {
	numbers, done := make(chan int), make(chan bool)
	go func() {
		for range numbers {
			sum++
		}
		done <- true
	}()
	for i := range 200 {
		compute(1)
		numbers <- i
	}
	close(numbers)
	<-done
}

var room = make([]byte, 1<<20)
var sample = []metrics.Sample{{Name: "/memory/classes/total:bytes"}}

// Once, as it is done again and again.
func pause(variant int) {
	var stats runtime.MemStats
	switch variant {
	case 4:
		runtime.ReadMemStats(&stats)
	case 5:
		runtime.GC()
	case 6, 16:
		runtime.Stack(room, variant == 6)
	case 14:
		metrics.Read(sample)
	case 15:
		clear(room)
	}
}

func pauses(variant int) {
	for range 200 {
		go time.Sleep(time.Hour)
	}
	for end := time.Now().Add(time.Second); time.Now().Before(end); {
		pause(variant)
	}
}

func worker(variant int, all *sync.WaitGroup) {
	defer all.Done()
	for range 80 {
		turn(variant)
	}
}

func main() {
	variant, _ := strconv.Atoi(os.Args[1])
	file, err := os.Create(os.Args[2])
	if err != nil || trace.Start(file) != nil {
		os.Exit(1)
	}
	defer trace.Stop()
	if variant == 12 {
		channel()
		return
	}
	if variant >= 4 && variant <= 6 || variant >= 14 {
		pauses(variant)
		return
	}
	var all sync.WaitGroup
	for range 4 {
		all.Add(1)
		go worker(variant, &all)
	}
	all.Wait()
}
