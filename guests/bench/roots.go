package main

import (
	"fmt"

	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/page"
	"tuco/guestlib/probe"
	"tuco/hypercall"
)

// The bits of page-table entries.
const (
	present   = 1 << 0
	writable  = 1 << 1
	user      = 1 << 2
	available = 1 << 10

	usable = present | writable | user

	frameBits = 1<<52 - mm.PageSize
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

// twin is another root for the guest, pinned: what the guest has is there too.
func twin() (root *pageTable, err error) {
	entry, err := kernelL3()
	if err != nil {
		return nil, err
	}
	if root, err = newPageTable(entry); err != nil {
		return nil, err
	}
	return root, made("a root of page tables can't be pinned", root.pin(4))
}

// made makes a hypercall that rows rely on.
func made(failed string, c *probe.Call) error {
	if err := hypercall.Failed(result(c)); err != 0 {
		return fmt.Errorf("%s: %v", failed, err)
	}
	return nil
}

// userRoot is the root for user mode.
var userRoot *pageTable

// giveUserRoot gives the vCPU a root for user mode, in which all of the guest is where it is for its kernel.
func giveUserRoot() (err error) {
	if userRoot != nil {
		return nil
	}
	if userRoot, err = twin(); err != nil {
		return err
	}
	return made("the vCPU can't have a root for user mode", mmuExt(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_NEW_USER_BASEPTR, Arg1: userRoot.mfn}))
}

// roots is the vCPU's change to another root, and back.
func roots() ([]row, error) {
	if err := giveUserRoot(); err != nil {
		return nil, err
	}
	other, err := twin()
	if err != nil {
		return nil, err
	}
	set := func(root uint64) []hypercall.MMUExtOp {
		return []hypercall.MMUExtOp{{Cmd: hypercall.MMUEXT_NEW_BASEPTR, Arg1: root}, {Cmd: hypercall.MMUEXT_NEW_USER_BASEPTR, Arg1: userRoot.mfn}}
	}
	there, back := set(other.mfn), set(mm.Root()/mm.PageSize)
	there[1].Arg1 = other.mfn
	one := thereAndBack("mmuext NEW_BASEPTR (cr3 switch, pinned)", "", 1, mmuExt(there[:1]...), mmuExt(back[:1]...))
	both := thereAndBack("mmuext NEW_BASEPTR+NEW_USER_BASEPTR", "", 1, mmuExt(there...), mmuExt(back...))
	return []row{one[0], both[0]}, nil
}
