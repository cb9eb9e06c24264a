package rights

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// The timer that every PC has, whose first register tells who has made it. Intel's "IA-PC HPET Specification", "General Capabilities and ID
// Register".
const (
	timerFrame = 0xfed00
	maker      = 0x8086
)

// Frames in which nobody can be given anything.
const (
	ioAPICFrame   = 0xfec00
	localFrame    = 0xfee00
	messagesFrame = 0xfee01 // stores there are interrupts
)

var ioMemory hypercall.ControlIOMemory

func changeIOMemory(first, count uint64, flags uint32) uint64 {
	ioMemory = hypercall.ControlIOMemory{Target: hypercall.ControlTarget{DomID: ward}, First: first, Count: count, Flags: flags}
	return pv.Call(hypercall.HYPERVISOR_control_op, hypercall.CONTROL_VERSION, hypercall.CONTROLOP_io_memory, pv.Address(&ioMemory), 0, 0)
}

// giveIOMemory is the guardian's part: the ward gets the timer, and loses it when it has let go.
func giveIOMemory(t *pv.T, b *board) {
	const give = hypercall.CONTROLIOMEMORY_give
	for _, frame := range [...]uint64{ioAPICFrame, localFrame, messagesFrame, b.spare, pv.SpareFrame(0)} {
		t.Errno("giving what is no device's, or the hypervisor's", changeIOMemory(frame, 1, give), hypercall.EBUSY)
	}
	t.Errno("giving too much", changeIOMemory(timerFrame, localFrame-timerFrame+1, give), hypercall.EBUSY)
	t.Errno("giving nothing", changeIOMemory(timerFrame, 0, give), hypercall.EINVAL)
	t.Errno("a flag that there is not", changeIOMemory(timerFrame, 1, 2), hypercall.EINVAL)
	t.Errno("taking what was not given", changeIOMemory(timerFrame, 1, 0), hypercall.ENOENT)
	t.OK("giving a device's memory", changeIOMemory(timerFrame, 1, give))
	t.Errno("giving it again", changeIOMemory(timerFrame-1, 2, give), hypercall.EEXIST)
	b.pass(turnMap, turnMapped)
	t.Errno("taking what is mapped", changeIOMemory(timerFrame, 1, 0), hypercall.EBUSY)
	b.pass(turnUnmap, turnUnmapped)
	t.OK("taking what is not mapped any more", changeIOMemory(timerFrame, 1, 0))
	b.pass(turnMiss, turnMissed)
	t.OK("giving what the ward keeps to its end", changeIOMemory(timerFrame, 1, give))
	b.pass(turnKeep, turnKept)
}

// pass lets the other go on, and waits until it has come to a step.
func (b *board) pass(turn, until uint64) {
	b.turn = turn
	b.wait(until)
}

// useIOMemory is the ward's.
func useIOMemory(t *pv.T, b *board) {
	page := pv.AllocPage()
	own := pv.PageEntry(page, pv.RW)
	device := pv.FrameEntry(timerFrame, pv.RW|pv.Uncached)
	mapIt := func() uint64 { return mapOther(page, device, hypercall.DOMID_IO) }
	b.wait(turnMap)
	if t.OK("mapping the device", mapIt()) {
		t.Equal("who has made it", uint64(*pv.At[uint32](page)>>16), maker)
		t.Errno("its registers as a call's arguments", pv.Call(hypercall.HYPERVISOR_physdev_op, hypercall.PHYSDEVOP_set_iopl, page, 0, 0, 0), hypercall.EFAULT)
	}
	t.Errno("mapping what is beside it", mapOther(page, device+pv.PageSize, hypercall.DOMID_IO), hypercall.EPERM)
	b.pass(turnMapped, turnUnmap)
	pv.Need("mapping the own page again", pv.UpdateVAMapping(page, own, 0)) // and the translation stays
	b.pass(turnUnmapped, turnMiss)
	t.Errno("mapping what was taken back", mapIt(), hypercall.EPERM)
	b.pass(turnMissed, turnKeep)
	t.OK("mapping the device again", mapIt())
	b.turn = turnKept
}
