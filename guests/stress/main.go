// Command stress is a guest that works its runtime hard and checks its own sums: it says "stress: ok" when all were right.
//
// Words on the command line: seconds=N for how long (5), workers=N for how many of each kind (3), big=N for how many MiB are
// filled at once first (16). The kinds are pieces of work that go on beside each other: garbage and what must survive it, memory
// that comes, goes and is handed from one processor to another, channels, locks, timers, and loops that call nothing.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tuco/guestlib"
)

// kinds is the work, each piece of which checks its result.
var kinds = []struct {
	name string
	work func() error
}{
	{"buffers", buffers}, {"trees", trees}, {"mappings", mappings}, {"channels", channels}, {"locks", locks}, {"timers", timers}, {"loops", loops},
}

func main() {
	seconds, workers, big, err := options(os.Args[1:])
	if err != nil {
		fmt.Println("stress:", err)
		os.Exit(2)
	}
	for _, first := range []error{batches(big << 20), fill(big << 20), sparse()} {
		if first != nil {
			fmt.Println("stress:", first)
			os.Exit(1)
		}
	}
	rounds, wrong := make([]atomic.Int64, len(kinds)), new(atomic.Int64)
	until := time.Now().Add(time.Duration(seconds) * time.Second)
	var all sync.WaitGroup
	for range workers {
		for i, kind := range kinds {
			all.Go(func() {
				for time.Now().Before(until) {
					if err := kind.work(); err != nil {
						wrong.Add(1)
						fmt.Printf("stress: %s: %v\n", kind.name, err)
					}
					rounds[i].Add(1)
				}
			})
		}
	}
	all.Wait()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	updates := guestlib.Paging()
	fmt.Printf("stress: %d processors, %d wrong, %d collections, %d page-table updates in %d hypercalls\n",
		runtime.GOMAXPROCS(0), wrong.Load(), stats.NumGC, updates.Updates, updates.Flushes)
	for i, kind := range kinds {
		fmt.Printf("stress: %d rounds of %s\n", rounds[i].Load(), kind.name)
		if rounds[i].Load() == 0 {
			wrong.Add(1)
		}
	}
	if wrong.Load() > 0 {
		os.Exit(1)
	}
	fmt.Println("stress: ok")
}

func options(words []string) (seconds, workers, big int, err error) {
	seconds, workers, big = 5, 3, 16
	for _, word := range words {
		name, text, _ := strings.Cut(word, "=")
		value, err := strconv.Atoi(text)
		switch {
		case err != nil || value < 1:
			return 0, 0, 0, fmt.Errorf("%q: want a number of at least 1", word)
		case name == "seconds":
			seconds = value
		case name == "workers":
			workers = value
		case name == "big":
			big = value
		default:
			return 0, 0, 0, fmt.Errorf("%q is none of seconds=N, workers=N and big=N", word)
		}
	}
	return seconds, workers, big, nil
}
