package goport

import (
	"bytes"
	"debug/elf"
	"fmt"
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// library is what the names of functions begin with that may make hypercalls.
const library = "tuco/guestlib/"

// Check looks through a linked image for SYSCALL instructions outside the library, each of which would be a hypercall with a
// system call's number, and for allocations in that part of the library that can't allocate.
func Check(file []byte) error {
	f, err := elf.NewFile(bytes.NewReader(file))
	if err != nil {
		return err
	}
	text := f.Section(".text")
	if text == nil {
		return fmt.Errorf("the image has no section .text")
	}
	code, err := text.Data()
	if err != nil {
		return err
	}
	symbols, err := f.Symbols()
	if err != nil {
		return fmt.Errorf("the image's symbols, which the check needs: %w", err)
	}
	codeOf := func(s elf.Symbol) []byte {
		from := s.Value - text.Addr
		if s.Value < text.Addr || from+s.Size > uint64(len(code)) {
			return nil
		}
		return code[from : from+s.Size]
	}
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) != elf.STT_FUNC || strings.HasPrefix(s.Name, library) {
			continue
		}
		if at := systemCall(codeOf(s)); at >= 0 {
			return fmt.Errorf("%s makes a system call of its own, at %#x: a guest has no operating system below it; what calls the "+
				"runtime's way does work", s.Name, s.Value+uint64(at))
		}
	}
	return checkHeap(symbols, codeOf)
}

var syscallBytes = []byte{0x0f, 0x05}

// systemCall is where a function has a SYSCALL instruction, or -1. Few functions have its bytes at all, so only those are
// disassembled; what the disassembler doesn't know is passed over a byte at a time.
func systemCall(code []byte) int {
	if !bytes.Contains(code, syscallBytes) {
		return -1
	}
	for at := 0; at < len(code); {
		inst, err := x86asm.Decode(code[at:], 64)
		if err != nil || inst.Len == 0 {
			at++
			continue
		}
		if inst.Op == x86asm.SYSCALL {
			return at
		}
		at += inst.Len
	}
	return -1
}
