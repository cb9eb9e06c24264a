// Command memory is a guest that checks how it gets its memory: that page-table updates are answered for one by one, that
// large changes travel in large batches, that page tables come back, and that stacks have guards.
//
// It ends with what it costs to map and to unmap memory, by each way that page-table updates have to the hypervisor, and batches of them.
// The word transports=MIB says how much memory.
//
// A word of its command line has it end for want of memory, or go beyond a stack: heap, promised, overflow.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"tuco/guestlib"
)

func main() {
	debug.SetPanicOnFault(true)
	megabytes := 32
	for _, word := range os.Args[1:] {
		if _, err := fmt.Sscanf(word, "transports=%d", &megabytes); err != nil {
			end(word)
		}
	}
	failed := false
	for _, check := range []struct {
		name string
		run  func() error
	}{
		{"tickets", tickets}, {"bad entry", badEntry}, {"taken back", takenBack},
		{"prepared", preparedStays}, {"batches", batches}, {"tables", tables}, {"promises", promises}, {"guards", guards}, {"zeros", zeros},
		{"transports", func() error { return transports(megabytes << 20) }},
	} {
		if err := check.run(); err != nil {
			fmt.Printf("memory: %s: %v\n", check.name, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
	s := guestlib.Paging()
	fmt.Printf("memory: %d updates in %d hypercalls, %d a hypercall; %d waits, %d refused\n", s.Updates, s.Flushes, s.Batch(), s.Waits, s.Failed)
	fmt.Println("memory: ok")
}

// readable tells whether the first byte of some memory can be read.
func readable(b []byte) (ok bool) {
	defer func() { ok = recover() == nil }()
	runtime.KeepAlive(b[0])
	return true
}
