package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// childWord makes this program a forked process's second life, which tells that it ran by its exit status.
const (
	childWord   = "child"
	childStatus = 42
)

// sharedPages are the pages that each process shares with its parent until it writes to them.
const sharedPages = 64

// fork makes n processes, a few of them at a time.
func fork(n int) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	memory, err := unix.Mmap(-1, 0, sharedPages*os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	if err != nil {
		return fmt.Errorf("map: %w", err)
	}
	defer unix.Munmap(memory)
	c, err := newChild(program, memory)
	if err != nil {
		return err
	}
	together := 2 * runtime.NumCPU()
	for done := 0; done < n; done += together {
		if err := c.forkSome(min(together, n-done)); err != nil {
			return fmt.Errorf("process %d or one of the %d after it: %w", done, together-1, err)
		}
	}
	return nil
}

// A child is what a forked process needs, made before: it is a copy of one thread of a Go program, whose runtime's
// other threads are missing, so it makes system calls alone.
type child struct {
	words      []uint64 // its copy of the shared pages
	path       *byte
	args, vars []*byte
}

func newChild(program string, memory []byte) (*child, error) {
	c := &child{words: unsafe.Slice((*uint64)(unsafe.Pointer(unsafe.SliceData(memory))), len(memory)/wordSize)}
	var err error
	if c.path, err = syscall.BytePtrFromString(program); err != nil {
		return nil, err
	}
	if c.args, err = syscall.SlicePtrFromStrings([]string{program, childWord}); err != nil {
		return nil, err
	}
	c.vars, err = syscall.SlicePtrFromStrings(os.Environ())
	return c, err
}

// forkSome makes processes and waits for their ends. None of them may have changed our memory.
func (c *child) forkSome(n int) error {
	for i := range c.words {
		c.words[i] = pattern(0, i)
	}
	var pids []int
	for range n {
		pid, err := c.start()
		if err != nil {
			return err
		}
		pids = append(pids, pid)
	}
	for _, pid := range pids {
		var status syscall.WaitStatus
		if _, err := wait(pid, &status); err != nil {
			return fmt.Errorf("wait: %w", err)
		}
		if !status.Exited() || status.ExitStatus() != childStatus {
			return fmt.Errorf("it ended with status %#x, want %d", status, childStatus)
		}
	}
	return check(c.words, 0)
}

func wait(pid int, status *syscall.WaitStatus) (int, error) {
	for {
		if got, err := syscall.Wait4(pid, status, 0, nil); err != syscall.EINTR {
			return got, err
		}
	}
}

// start forks. Go's own way to start a process shares the memory with it until it executes a program, so that no page
// table is ever copied.
func (c *child) start() (int, error) {
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	pid, _, errno := syscall.RawSyscall6(syscall.SYS_CLONE, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0)
	if errno != 0 {
		return 0, fmt.Errorf("fork: %w", errno)
	}
	if pid == 0 {
		c.live()
	}
	return int(pid), nil
}

// live is the forked process's life: it checks and changes its copy, and becomes this program again.
//
// It is a copy of one thread only, and may not call what checks for room on the stack: where the scheduler has asked that
// this goroutine make way for others, the check would have it wait for threads that are not there.
//
//go:nosplit
func (c *child) live() {
	status := uintptr(1)
	if c.change() {
		syscall.RawSyscall(syscall.SYS_EXECVE, uintptr(unsafe.Pointer(c.path)),
			uintptr(unsafe.Pointer(unsafe.SliceData(c.args))), uintptr(unsafe.Pointer(unsafe.SliceData(c.vars))))
		status = 2
	}
	for {
		syscall.RawSyscall(syscall.SYS_EXIT_GROUP, status, 0, 0)
	}
}

//go:nosplit
func (c *child) change() bool {
	for i := range c.words {
		if c.words[i] != pattern(0, i) {
			return false
		}
		c.words[i] = ^c.words[i]
	}
	for i := range c.words {
		if c.words[i] != ^pattern(0, i) {
			return false
		}
	}
	return true
}
