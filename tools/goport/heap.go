package goport

import (
	"debug/elf"
	"fmt"
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// allocators is the runtime's functions that compiled code calls to allocate, to tell the garbage collector, or to schedule. Each ends in
// the runtime's state of the thread's goroutine, which the library's stacks do not have.
var allocators = []string{
	"newobject", "newarray", "mallocgc", "growslice", "makeslice", "makemap", "mapassign", "makechan", "chansend", "chanrecv", "convT",
	"concatstring", "concatbyte", "slicebytetostring", "stringtoslicebyte", "intstring", "gcWriteBarrier", "deferproc", "newproc",
}

// isHeap tells whether a function is one of allocators, which have variants for sizes and types.
func isHeap(name string) bool {
	rest, ok := strings.CutPrefix(name, "runtime.")
	if !ok {
		return false
	}
	for _, h := range allocators {
		if strings.HasPrefix(rest, h) {
			return true
		}
	}
	return false
}

// isBelow tells whether a function is of a package that runs below the runtime.
func isBelow(name string) bool {
	rest, ok := strings.CutPrefix(name, library)
	if !ok {
		return false
	}
	for _, b := range Below {
		if strings.HasPrefix(rest, b+".") {
			return true
		}
	}
	return false
}

// checkHeap looks through the functions that run below the runtime for calls of allocators: where a variable escapes the compiler makes
// one, and nothing in the source shows it.
func checkHeap(symbols []elf.Symbol, code func(elf.Symbol) []byte) error {
	targets := map[uint64]string{}
	for _, s := range symbols {
		if isHeap(s.Name) {
			targets[s.Value] = s.Name
		}
	}
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) != elf.STT_FUNC || !isBelow(s.Name) {
			continue
		}
		for _, to := range calls(code(s), s.Value) {
			if name, bad := targets[to]; bad {
				return fmt.Errorf("%s calls %s, and can't: it runs below the Go runtime, where nothing may be allocated "+
					"(go build -gcflags=-m tells what escapes)", s.Name, name)
			}
		}
	}
	return nil
}

// calls is where a function's CALL instructions go.
func calls(code []byte, base uint64) (targets []uint64) {
	for at := 0; at < len(code); {
		inst, err := x86asm.Decode(code[at:], 64)
		if err != nil || inst.Len == 0 {
			at++
			continue
		}
		at += inst.Len
		if rel, ok := inst.Args[0].(x86asm.Rel); ok && inst.Op == x86asm.CALL {
			targets = append(targets, base+uint64(at)+uint64(int64(rel)))
		}
	}
	return targets
}
