package main

import (
	"runtime"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// threads is goroutines, and the threads below them.
func threads() ([]row, error) {
	const times = 200
	var word uint32
	return []row{
		{op: "system call: getpid", n: 1, work: func() { syscall.RawSyscall(syscall.SYS_GETPID, 0, 0, 0) }},
		{op: "time.Now", n: 1, work: func() { runtime.KeepAlive(time.Now()) }},
		{op: "futex wake, nobody waits", n: 1, work: func() {
			const wake, private = 1, 128
			syscall.RawSyscall(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&word)), wake|private, 1)
		}},
		{op: "goroutine switch", n: 2 * times, work: func() {
			var both sync.WaitGroup
			for range 2 {
				both.Go(func() {
					for range times {
						runtime.Gosched()
					}
				})
			}
			both.Wait()
		}},
		{op: "channel ping-pong", n: times, work: func() { pingPong(times, false) }},
		{op: "channel ping-pong of two threads (futex)", n: times, work: func() { pingPong(times, true) }},
		{op: "goroutine made and ended", n: times, work: func() {
			var all sync.WaitGroup
			for range times {
				all.Go(func() {})
			}
			all.Wait()
		}},
	}, nil
}

// pingPong sends a value to another goroutine and back, so many times. Where each is tied to a thread, the threads have to
// wake each other.
func pingPong(times int, tied bool) {
	ping, pong := make(chan int), make(chan int)
	if tied {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
	}
	go func() {
		if tied {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
		}
		for v := range ping {
			pong <- v
		}
	}()
	for i := range times {
		ping <- i
		<-pong
	}
	close(ping)
}
