package fatal

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// stacks are where no frame of the kernel's can be, pushed from there down. Tuco has pages of its own, which can be written
// to, at ownData.
var stacks = [...]uint64{
	nowhere, 0, 8, ^uint64(0) - 7, // nothing is mapped, behind address 0 either
	1 << 47, 1<<47 + 8, 1 << 48, 1 << 63, // not canonical, or what is below it is where nothing is
	0xffff_8000_0000_0000, 0xffff_8000_0000_0010, 0xffff_8000_0000_0040, 0xffff_8000_0000_1000, // where the hypervisor's begins
	ownData + 0x80, ownData + 0x100, ownData + 0x800, ownData + pv.PageSize, ownData + pv.PageSize + 8,
	hypercall.HYPERVISOR_VIRT_END - 8, hypercall.HYPERVISOR_VIRT_END, hypercall.HYPERVISOR_VIRT_END + 16, hypercall.HYPERVISOR_VIRT_END + 48,
	readOnly, across, across + 24, across + 48, // see stack
}

const ownData = 0xffff_8080_0022_1000

// These stand for addresses that are known when the guest runs.
const (
	readOnly = 1 << 60 // the end of a page table
	across   = 1 << 61 // the beginning of a page, with a hole before
)

// frames are where no frame of iret's can be, read from there up.
var frames = [...]uint64{
	nowhere, 0, ^uint64(0) - 7, ^uint64(0) - 63,
	1<<47 - 8, 1<<47 - 64, 1 << 47, 1 << 63,
	0xffff_7fff_ffff_ffc0, 0xffff_7fff_ffff_ffe0, 0xffff_7fff_ffff_fff8, 0xffff_8000_0000_0000, 0xffff_8000_0000_1000,
	ownData, ownData + 0xc0, ownData + 0xe0, ownData + 0xfd0,
	hypercall.HYPERVISOR_VIRT_END - 64, hypercall.HYPERVISOR_VIRT_END - 8,
	before, before - 24, before - 56,
}

// before stands for the last word of a page with a hole behind.
const before = 1 << 62

// place is the number from the command line, as an index, and what stands there.
func place(list []uint64) uint64 {
	at := list[pv.Number("place=", 0)]
	switch {
	case at == readOnly:
		return pv.StartInfo.PTBase + pv.PageSize
	case at >= across && at < across+pv.PageSize:
		low, high := neighbours()
		unmap(low)
		return high + at - across
	case at <= before && at > before-pv.PageSize:
		_, high := neighbours()
		unmap(high)
		return high - 8 - (before - at)
	}
	return at
}

// neighbours is two pages, one behind the other.
func neighbours() (low, high uint64) {
	high = pv.AllocPage()
	for {
		if low, high = high, pv.AllocPage(); high == low+pv.PageSize {
			return low, high
		}
		if low == high+pv.PageSize {
			return high, low
		}
	}
}

func unmap(page uint64) { pv.Need("unmap", pv.UpdateVAMapping(page, 0, hypercall.UVMF_INVLPG)) }

// fetchOn jumps to where nothing is, with a stack pointer.
func fetchOn(sp, at uint64)

// badStack has the kernel entered, on a stack that is none: by the way that the command line says.
func badStack(t *pv.T) {
	at := place(stacks[:])
	var u pv.User
	u.Start(userSyscall)
	switch string(pv.Option("way=")) {
	case "kernel":
		begin()
		fetchOn(at, nowhere)
	case "fault":
		u.Iret.RIP = nowhere
		fallthrough
	case "syscall":
		pv.Need("stack_switch", pv.StackSwitch(hypercall.FLAT_KERNEL_SS, at))
		begin()
		u.Run()
	default:
		panic("way=kernel, fault or syscall")
	}
	t.Failf("the domain lives on")
}

// badFrame makes the hypercall iret by a frame that is none.
func badFrame(t *pv.T) {
	at := place(frames[:])
	shareRoot()
	begin()
	iretFrom(at)
	t.Failf("the domain lives on")
}

// shareRoot leaves nothing wrong but the frame.
func shareRoot() { pv.UseUserRoot(pv.SharedRoot()) }

// stolen is the page of the first vCPU's kernel stack.
var stolen uint64

// steal unmaps it, and maps it again, over and over.
func steal() {
	const everywhere = hypercall.UVMF_INVLPG | hypercall.UVMF_ALL
	for {
		pv.Need("unmap", pv.UpdateVAMapping(stolen, 0, everywhere))
		pv.Need("map", pv.UpdateVAMapping(stolen, pv.PageEntry(stolen, pv.RW), everywhere))
	}
}

// back is the frame by which goBack returns.
//
//lint:ignore U1000 the assembly code refers to it
var back hypercall.IretContext

// goBackAt is a handler that returns to user mode and has no use for the kernel's stack; callForEverAt is user mode's code.
func goBackAt() uint64
func callForEverAt() uint64

// stolenStack has the kernel entered while another vCPU takes its stack away, as often as that takes.
func stolenStack(t *pv.T) {
	stolen = pv.AllocPage()
	pv.StartCPUs(2)
	entry := hypercall.CallbackRegister{Type: hypercall.CALLBACKTYPE_syscall, Address: goBackAt()}
	pv.Need("register", pv.CallbackOp(hypercall.CALLBACKOP_register, &entry))
	var table [2]hypercall.TrapInfo
	table[0] = hypercall.TrapInfo{Vector: uint8(pv.PF), CS: hypercall.FLAT_KERNEL_CS, Address: goBackAt()}
	pv.Need("set_trap_table", pv.SetTrapTable(&table[0]))
	var u pv.User
	u.Start(userSyscall)
	u.Iret.RIP, u.DI = callForEverAt(), nowhere
	back = u.Iret
	pv.Need("stack_switch", pv.StackSwitch(hypercall.FLAT_KERNEL_SS, stolen+pv.PageSize))
	begin()
	pv.Go(1, steal)
	u.Run()
	t.Failf("the domain lives on")
}
