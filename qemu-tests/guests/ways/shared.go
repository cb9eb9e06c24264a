package ways

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// space is where user mode and the kernel see the same, and the second vCPU changes what.
var space pv.Space

const slot = 300

// readTwiceAt is code for user mode: it reads at DI into R8, makes a system call, and reads there again, into R9.
func readTwiceAt() uint64

var (
	stop    atomic.Uint64
	flips   atomic.Uint64
	flipped [2]uint64 // frames that the page is by turns, with none in between
	stackAt uint64    // the page of the first vCPU's kernel stack
)

// flip changes the page of the space over and over, and maps the stack anew, as if nobody had ever used it.
func flip() {
	const everywhere = hypercall.UVMF_INVLPG | hypercall.UVMF_ALL
	for n := uint64(0); stop.Load() == 0; n++ {
		entry := uint64(0)
		if i := n % 3; i < 2 {
			entry = pv.FrameEntry(flipped[i], pv.RO)
		}
		pv.Need("map", pv.UpdateVAMapping(space.Page(0), entry, everywhere))
		unused := pv.PageEntry(stackAt, pv.RW) &^ (pv.Accessed | pv.Dirty)
		pv.Need("map", pv.UpdateVAMapping(stackAt, unused, everywhere))
		flips.Store(n)
	}
}

var faults uint64

// tryAgain lets the instruction that faulted be executed anew.
func tryAgain(*pv.Frame) { faults++ }

// remapped has user mode make system calls and page faults while another vCPU changes the page tables on the way: it sees
// the pages that are there, and nothing is lost.
func remapped(t *pv.T) {
	const rounds = 100
	if pv.CPUs() < 2 {
		t.Skip("the domain has too few vCPUs")
		return
	}
	pv.StartCPUs(2)
	space.Install(slot)
	space.HangInto(pv.SharedRoot())
	shared()
	for i := range flipped {
		flipped[i] = pv.SpareFrame(uint64(i))
		pv.Need("map", space.Set(uint64(i)+1, pv.FrameEntry(flipped[i], pv.RW)))
		*pv.At[uint64](space.Page(uint64(i) + 1)) = pattern(uint64(i))
	}
	stackAt = (pv.This().KernelStack() - 8) &^ (pv.PageSize - 1)
	stop.Store(0)
	faults = 0
	pv.OnTrap(pv.PF, tryAgain)
	pv.Go(1, flip)
	for round := uint64(0); round < rounds || flips.Load() < rounds; round++ {
		var u pv.User
		u.StartAt(readTwiceAt(), userStack)
		fill(&u)
		u.DI = space.Page(0)
		u.Run()
		if !t.Trapped("system call", u.Trap, pv.Syscall64, 0) {
			break
		}
		u.Run()
		t.Trapped("second system call", u.Trap, pv.Syscall64, 0)
		t.Check(u.R8-pattern(0) < 2, "user mode read %x", u.R8)
		t.Check(u.R9-pattern(0) < 2, "user mode read %x", u.R9)
		u.R8, u.R9, u.DI, u.Iret.RAX = pattern(8), pattern(9), pattern(7), pattern(0)
		requirePatterns(t, "registers", &u, true)
	}
	stop.Store(1)
	t.Check(pv.Await(1), "vCPU 1 does not stop")
	pv.OnTrap(pv.PF, nil)
	t.Check(faults > 0, "no page fault")
	for i := range uint64(3) {
		pv.Need("unmap", space.Set(i, 0))
	}
	space.TakeFrom(pv.SharedRoot())
	space.Remove()
}

// movedInfo has the first vCPU share another place with the hypervisor: masks and addresses of faults are there from the
// next entry on.
func movedInfo(t *pv.T) {
	shared()
	page := pv.AllocPage()
	const offset = 0x840
	now, old := pv.At[hypercall.VCPUInfo](page+offset), pv.This().Info
	arg := hypercall.VCPURegisterVCPUInfo{MFN: pv.MFN(page), Offset: offset}
	pv.MaskUpcalls()
	if !t.OK("register", pv.VCPUOp(hypercall.VCPUOP_register_vcpu_info, pv.This().ID, &arg)) {
		return
	}
	pv.UseInfo(pv.This().ID, now)
	pv.ForgetEvents()
	old.EvtchnUpcallMask, old.Arch.CR2 = 0, 0x1234
	for _, masks := range [...]bool{true, false} {
		pv.SetCallback(pv.Syscall64, masks)
		var u pv.User
		u.StartAt(systemCallAt(), userStack)
		t.Trapped("system call", u.Run(), pv.Syscall64, 0)
		t.Check(u.Masked == masks && !u.UpcallMask, "the mask at a system call is wrong")
		u.StartAt(nowhere, userStack)
		t.Trapped("nothing there", u.Run(), pv.PF, userMode|fetch)
		t.Check(u.Masked && !u.UpcallMask, "the mask at a page fault is wrong")
		t.Equal("cr2", u.CR2, nowhere)
	}
	t.Check(old.EvtchnUpcallMask == 0 && old.Arch.CR2 == 0x1234, "the old place has changed")
}
