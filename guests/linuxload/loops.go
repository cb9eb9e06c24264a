package main

import (
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ticks is the processor's time stamp counter.
func ticks() uint64

// A loop does one thing many times, so that it can be measured: from inside by the time stamp counter, and from outside by the
// lines printed when it begins and ends.
type loop struct {
	name string
	run  func(n int) error
}

var loops = []loop{{"getppid", getppids}, {"faults", faults}, {"forkexits", forkExits}}

// measure runs the loop n times, and prints what it took.
func (l *loop) measure(console io.Writer, n int) error {
	fmt.Fprintf(console, "linuxload: %s: begins\n", l.name)
	started := ticks()
	if err := l.run(n); err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	took := ticks() - started
	fmt.Fprintf(console, "linuxload: %s: passed: %d in %d ticks\n", l.name, n, took)
	return nil
}

// getppids makes system calls that do next to nothing in the kernel.
func getppids(n int) error {
	want, _, _ := syscall.RawSyscall(syscall.SYS_GETPPID, 0, 0, 0)
	for range n {
		if got, _, _ := syscall.RawSyscall(syscall.SYS_GETPPID, 0, 0, 0); got != want {
			return fmt.Errorf("the parent is %d, and was %d", got, want)
		}
	}
	return nil
}

// faults touches pages of memory that nobody has touched before.
func faults(n int) error {
	page := os.Getpagesize()
	memory, err := unix.Mmap(-1, 0, n*page, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return fmt.Errorf("map: %w", err)
	}
	defer unix.Munmap(memory)
	for i := 0; i < len(memory); i += page {
		memory[i] = 1
	}
	return nil
}

// forkExits makes processes that end at once.
func forkExits(n int) error {
	for range n {
		// The process that is made is a copy of this thread alone, on this stack: it may do nothing but end.
		pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
		if errno != 0 {
			return fmt.Errorf("fork: %w", errno)
		}
		for pid == 0 {
			syscall.RawSyscall(syscall.SYS_EXIT_GROUP, childStatus, 0, 0)
		}
		var status syscall.WaitStatus
		if _, err := wait(int(pid), &status); err != nil {
			return fmt.Errorf("wait: %w", err)
		}
		if !status.Exited() || status.ExitStatus() != childStatus {
			return fmt.Errorf("it ended with status %#x, want %d", status, childStatus)
		}
	}
	return nil
}
