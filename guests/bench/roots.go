package main

import (
	"fmt"

	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/page"
	"tuco/hypercall"
)

// present and its like are bits of page-table entries.
const (
	present   = 1 << 0
	writable  = 1 << 1
	user      = 1 << 2
	available = 1 << 10
)

// kernelL3 is the entry that all of the guest is below: the first of its root.
func kernelL3() (uint64, error) {
	at, err := page.Alloc(1)
	if err != nil {
		return 0, err
	}
	va := hypercalls.Address(&at.Bytes()[0])
	_, own := mm.Entry(va)
	if err := hypercalls.UpdateVAMapping(va, mm.Root()|present|user, hypercall.UVMF_INVLPG); err != 0 {
		return 0, fmt.Errorf("the root of the page tables can't be looked at: %v", err)
	}
	entry := *hypercalls.At[uint64](va)
	if err := hypercalls.UpdateVAMapping(va, own, hypercall.UVMF_INVLPG); err != 0 {
		return 0, fmt.Errorf("a page can't be mapped again: %v", err)
	}
	return entry, at.Free()
}

// twin is another root for the guest, pinned: what it has it sees there too.
func twin() (mfn uint64, err error) {
	entry, err := kernelL3()
	if err != nil {
		return 0, err
	}
	at, err := page.Alloc(1)
	if err != nil {
		return 0, err
	}
	va := hypercalls.Address(&at.Bytes()[0])
	*hypercalls.At[uint64](va) = entry
	mfn = uint64(at.Frame(0))
	_, own := mm.Entry(va)
	if err := hypercalls.UpdateVAMapping(va, own&^writable, hypercall.UVMF_INVLPG); err != 0 {
		return 0, fmt.Errorf("a page table can't be made read-only: %v", err)
	}
	pin := [1]hypercall.MMUExtOp{{Cmd: hypercall.MMUEXT_PIN_L4_TABLE, Arg1: mfn}}
	if err := hypercalls.MMUExt(pin[:]); err != 0 {
		return 0, fmt.Errorf("a root of page tables can't be pinned: %v", err)
	}
	return mfn, nil
}

// userRoot is the root for user mode.
var userRoot uint64

// giveUserRoot gives the vCPU a root for user mode, in which all of the guest is where it is for its kernel.
func giveUserRoot() (err error) {
	if userRoot != 0 {
		return nil
	}
	if userRoot, err = twin(); err != nil {
		return err
	}
	set := [1]hypercall.MMUExtOp{{Cmd: hypercall.MMUEXT_NEW_USER_BASEPTR, Arg1: userRoot}}
	if err := hypercalls.MMUExt(set[:]); err != 0 {
		return fmt.Errorf("the vCPU can't have a root for user mode: %v", err)
	}
	return nil
}
