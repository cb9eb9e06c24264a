package main

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// channels hands numbers through a chain of goroutines, each of which adds one.
func channels() error {
	const links, numbers = 20, 50
	first := make(chan int)
	last := first
	for range links {
		in, out := last, make(chan int)
		go func() {
			for v := range in {
				out <- v + 1
			}
			close(out)
		}()
		last = out
	}
	go func() {
		for v := range numbers {
			first <- v
		}
		close(first)
	}()
	want := links
	for v := range last {
		if v != want {
			return fmt.Errorf("got %d, want %d", v, want)
		}
		want++
	}
	if want != links+numbers {
		return fmt.Errorf("%d numbers arrived of %d", want-links, numbers)
	}
	return nil
}

// timers has several sleep, none of which may wake early.
func timers() error {
	var early atomic.Int64
	var all sync.WaitGroup
	for i := range 10 {
		all.Go(func() {
			want := time.Duration(i) * time.Millisecond
			begin := time.Now()
			<-time.After(want)
			if time.Since(begin) < want {
				early.Add(1)
			}
		})
	}
	all.Wait()
	if n := early.Load(); n > 0 {
		return fmt.Errorf("%d came early", n)
	}
	return nil
}

// locks has goroutines count, under a lock, atomically, and each in turn.
func locks() error {
	const workers, times = 8, 200
	var (
		lock    sync.Mutex
		turn    = sync.NewCond(new(sync.Mutex))
		next    int
		locked  int
		counted atomic.Int64
		all     sync.WaitGroup
	)
	for worker := range workers {
		all.Go(func() {
			for range times {
				lock.Lock()
				locked++
				lock.Unlock()
				counted.Add(1)
			}
			turn.L.Lock()
			for next != worker {
				turn.Wait()
			}
			next++
			turn.L.Unlock()
			turn.Broadcast()
		})
	}
	all.Wait()
	if locked != workers*times || counted.Load() != workers*times || next != workers {
		return fmt.Errorf("counted %d under a lock, %d atomically, want %d; %d of %d had their turn", locked, counted.Load(), workers*times, next, workers)
	}
	return nil
}

// loops keeps floating-point registers busy where only a signal can take the processor away, with a sum that is exact.
func loops() error {
	const n = 2_000_000
	sums := [4]float64{}
	for i := range n {
		f := float64(i)
		sums[0] += f
		sums[1] += 2 * f
		sums[2] += 3 * f
		sums[3] -= f
	}
	const want = float64(n) * (n - 1) / 2
	for k, factor := range []float64{1, 2, 3, -1} {
		if sums[k] != factor*want {
			return fmt.Errorf("sum %d is %g, want %g", k, sums[k], factor*want)
		}
	}
	return nil
}
