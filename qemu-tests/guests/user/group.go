// Package user tests user mode: its own page tables, the ways into the kernel and back, and 32-bit programs.
package user

import "tuco/qemu-tests/guests/pv"

// Group is the tests.
var Group = pv.Group{Name: "user", Tests: []pv.Test{
	{Name: "own-space", Run: ownSpace},
	{Name: "two-spaces", Run: twoSpaces},
	{Name: "root-refused", Run: rootRefused},
	{Name: "machine-to-physical", Run: machineToPhysical},
	{Name: "flags", Run: flags},
	{Name: "stack-switch", Run: stackSwitch},
	{Name: "compatibility", Run: compatibility},
	{Name: "based-code", Run: basedCode},
}}

// A program is machine code in a space of its own: a page of code, which begins at the space's first address, one of data
// and a stack.
type program struct {
	space             pv.Space
	root              uint64
	code, data, stack uint64 // where the kernel has the pages
	u                 pv.User
}

// Where a program's pages are, in its own space.
const (
	codeAt  = 0x40_0000
	dataAt  = codeAt + 1*pv.PageSize
	stackAt = codeAt + 2*pv.PageSize
	emptyAt = codeAt + 3*pv.PageSize
)

// load makes the program and its space.
func (p *program) load(code string) {
	p.space.Make(codeAt)
	p.root = pv.NewRoot()
	p.space.HangInto(p.root)
	p.code, p.data, p.stack = pv.AllocPage(), pv.AllocPage(), pv.AllocPage()
	p.space.Map(codeAt, pv.MFN(p.code)*pv.PageSize|pv.RO)
	p.space.Map(dataAt, pv.MFN(p.data)*pv.PageSize|pv.RW)
	p.space.Map(stackAt, pv.MFN(p.stack)*pv.PageSize|pv.RW)
	p.write(code)
}

// write puts other code in the page.
func (p *program) write(code string) { copy(pv.At[[pv.PageSize]byte](p.code)[:], code) }

// start makes the program ready to run from its first instruction, with a number in DI.
func (p *program) start(di uint64) {
	pv.UseUserRoot(p.root)
	p.u.StartAt(codeAt, stackAt+pv.PageSize)
	p.u.DI = di
}

// unload gives all back.
func (p *program) unload() {
	pv.DropUserRoot()
	p.space.TakeFrom(p.root)
	pv.FreeRoot(p.root)
	p.space.Map(codeAt, 0)
	p.space.Map(dataAt, 0)
	p.space.Map(stackAt, 0)
	p.space.Free()
	pv.FreePage(p.code)
	pv.FreePage(p.data)
	pv.FreePage(p.stack)
}

// Machine code.
const (
	syscall = "\x0f\x05"
	read    = "\x48\x8b\x07" // MOVQ (DI), AX
	write   = "\x48\x89\x07" // MOVQ AX, (DI)
	jump    = "\xff\xe7"     // JMP DI
)
