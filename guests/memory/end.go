package main

import (
	"fmt"
	"os"
	"unsafe"

	"tuco/guestlib"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
)

func bytesAt(address uint64) []byte { return unsafe.Slice(hypercalls.At[byte](address), 1) }

var kept [][]byte

// end ends the guest as a word says.
func end(word string) {
	switch word {
	case "heap": // takes all memory for Go's heap
		for {
			b := make([]byte, 1<<20)
			for at := 0; at < len(b); at += 4096 {
				b[at] = 1
			}
			kept = append(kept, b)
		}
	case "promised": // touches memory that was promised twice
		_, free := guestlib.Memory()
		for range 2 {
			b, err := mmap(int(free)*4096/4*3, 0)
			if err != nil {
				fmt.Println("memory:", err)
				os.Exit(1)
			}
			kept = append(kept, b)
		}
		for _, b := range kept {
			for at := 0; at < len(b); at += 4096 {
				b[at] = 1
			}
		}
	case "overflow": // pushes beyond the end of a stack of the library's
		_, end := mm.Guard(0)
		fmt.Printf("memory: the stack ends at %016x\n", end)
		push(end + 64)
	}
	fmt.Printf("memory: %q is nothing that I know\n", word)
	os.Exit(1)
}

// push pushes words below an address, for ever.
func push(sp uint64)
