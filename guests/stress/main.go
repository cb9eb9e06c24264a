// Command stress is a guest that works its runtime hard and checks its own sums: it says "stress: ok" when all were right.
//
// Words on the command line: seconds=N for how long (5), workers=N for how many of each kind (3), big=N for how many MiB are
// filled at once first (16).
package main

import (
	"fmt"
	"hash/crc32"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"tuco/guestlib"
)

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
	s := &stress{until: time.Now().Add(time.Duration(seconds) * time.Second)}
	var all sync.WaitGroup
	for range workers {
		for _, work := range []func() error{s.memory, s.channels, s.timers, s.loops} {
			all.Go(func() { s.repeat(work) })
		}
	}
	all.Wait()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	updates := guestlib.Paging()
	fmt.Printf("stress: %d rounds, %d wrong, %d collections, %d page-table updates in %d hypercalls\n",
		s.rounds.Load(), s.wrong.Load(), stats.NumGC, updates.Updates, updates.Flushes)
	if s.wrong.Load() > 0 || s.rounds.Load() == 0 {
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

// batches maps memory in one go, and says how many page-table updates a hypercall carried.
func batches(size int) error {
	memory, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("batches: mmap of %d bytes: %w", size, err)
	}
	const populateWrite = 23
	before := guestlib.Paging()
	if err := syscall.Madvise(memory, populateWrite); err != nil {
		return fmt.Errorf("batches: madvise: %w", err)
	}
	after := guestlib.Paging()
	updates, calls := after.Updates-before.Updates, after.Flushes-before.Flushes
	fmt.Printf("stress: %d MiB mapped in one go: %d page-table updates, %d a hypercall\n", size>>20, updates, updates/max(calls, 1))
	for at := 0; at < size; at += os.Getpagesize() {
		if memory[at] != 0 {
			return fmt.Errorf("batches: byte %#x of new memory is %#x", at, memory[at])
		}
	}
	return syscall.Munmap(memory)
}

// fill fills a large slice, twice: the second time with memory that came back.
func fill(size int) error {
	for round := range 2 {
		b := make([]byte, size)
		for at := 0; at < size; at += 1024 {
			if b[at] != 0 {
				return fmt.Errorf("fill: round %d: byte %#x of a new slice is %#x", round, at, b[at])
			}
			b[at] = byte(at>>10) | 1
		}
		for at := 0; at < size; at += 1024 {
			if b[at] != byte(at>>10)|1 {
				return fmt.Errorf("fill: round %d: byte %#x is %#x, wrote %#x", round, at, b[at], byte(at>>10)|1)
			}
		}
		b = nil
		debug.FreeOSMemory()
	}
	return nil
}

// sparse touches a byte of each 2 MiB of a large area, for each of which there has to be a page table.
func sparse() error {
	const size, step = 4 << 30, 2 << 20
	memory, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("sparse: mmap of %d bytes: %w", size, err)
	}
	for at := 0; at < size; at += step {
		memory[at] = byte(at/step) | 1
	}
	for at := 0; at < size; at += step {
		if memory[at] != byte(at/step)|1 || memory[at+1] != 0 {
			return fmt.Errorf("sparse: byte %#x is %#x, wrote %#x", at, memory[at], byte(at/step)|1)
		}
	}
	return syscall.Munmap(memory)
}

type stress struct {
	until         time.Time
	rounds, wrong atomic.Int64
}

// repeat does a piece of work until the time is over.
func (s *stress) repeat(work func() error) {
	for time.Now().Before(s.until) {
		if err := work(); err != nil {
			s.wrong.Add(1)
			fmt.Println("stress:", err)
		}
		s.rounds.Add(1)
	}
}

// memory fills buffers, drops some, and compares the checksums of those that it kept after a while.
func (s *stress) memory() error {
	type kept struct {
		data []byte
		sum  uint32
	}
	var all []kept
	for i := range 200 {
		b := make([]byte, 1+i*97%8192)
		for k := range b {
			b[k] = byte(i * k)
		}
		if i%5 == 0 {
			all = append(all, kept{b, crc32.ChecksumIEEE(b)})
		}
	}
	runtime.Gosched()
	for i, k := range all {
		if sum := crc32.ChecksumIEEE(k.data); sum != k.sum {
			return fmt.Errorf("memory: buffer %d has the sum %#x, wrote %#x", i, sum, k.sum)
		}
	}
	return nil
}

// channels hands numbers through a chain of goroutines, each of which adds one.
func (s *stress) channels() error {
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
			return fmt.Errorf("channels: got %d, want %d", v, want)
		}
		want++
	}
	if want != links+numbers {
		return fmt.Errorf("channels: %d numbers arrived of %d", want-links, numbers)
	}
	return nil
}

// timers has several sleep, none of which may wake early.
func (s *stress) timers() error {
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
		return fmt.Errorf("timers: %d came early", n)
	}
	return nil
}

// loops keeps floating-point registers busy where only a signal can take the processor away, with a sum that is exact.
func (s *stress) loops() error {
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
			return fmt.Errorf("loops: sum %d is %g, want %g", k, sums[k], factor*want)
		}
	}
	return nil
}
