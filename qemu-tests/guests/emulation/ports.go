package emulation

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// Ports that are harmless to touch. Domain 0 has diagnostic, on which machines show how far their firmware has come, and
// one beside it; interrupts belongs to the hypervisor.
const (
	diagnostic = 0x80
	unusual    = 0x84
	interrupts = 0x20 // the first interrupt controller
)

// port and portValue are for code that takes no arguments.
//
//lint:ignore U1000 the assembly code reads port
var port, portValue uint64

func readPort()  // a byte, into portValue
func writePort() // a byte of portValue
func readWide()  // a word and a double word
func readFixed() // the diagnostic port, which stands in the instruction

func setIOPL(level uint32) uint64 {
	arg := hypercall.PhysdevSetIOPL{IOPL: level}
	return pv.PhysdevOp(hypercall.PHYSDEVOP_set_iopl, &arg)
}

func ports(t *pv.T) {
	port = diagnostic
	t.OK("set_iopl", setIOPL(0))
	t.Trapped("IN at level 0", pv.Catch(readPort), pv.GP, 0)
	t.Trapped("OUT at level 0", pv.Catch(writePort), pv.GP, 0)
	t.OK("set_iopl", setIOPL(1))
	t.NoTrap("IN", pv.Catch(readPort))
	t.NoTrap("IN of a fixed port", pv.Catch(readFixed))
	t.NoTrap("wide IN", pv.Catch(readWide))
	portValue = 0x55
	t.NoTrap("OUT", pv.Catch(writePort))
	port = interrupts
	portValue = 0
	t.NoTrap("IN of a port that is the hypervisor's", pv.Catch(readPort))
	t.Equal("what it gives", portValue, 0xff)
	portValue = 0
	t.NoTrap("OUT to a port that is the hypervisor's", pv.Catch(writePort))
	t.OK("set_iopl", setIOPL(0))
}

func setBitmap(bitmap []byte, ports uint32) uint64 {
	arg := hypercall.PhysdevSetIobitmap{NrPorts: ports}
	if len(bitmap) > 0 {
		arg.Bitmap = hypercall.Handle[uint8](pv.Address(&bitmap[0]))
	}
	return pv.PhysdevOp(hypercall.PHYSDEVOP_set_iobitmap, &arg)
}

// portsUser is about level 3, and about the bitmap, in which a clear bit allows a port.
func portsUser(t *pv.T) {
	port = diagnostic
	for level := range uint32(4) {
		t.OK("set_iopl", setIOPL(level))
		if trap := pv.RunUser(readPort); level == 3 {
			t.Trapped("IN at level 3", trap, pv.Syscall64, 0)
		} else {
			t.Trapped("IN at a lower level", trap, pv.GP, 0)
		}
	}
	t.OK("set_iopl", setIOPL(0))
	var bitmap [32]byte
	for i := range bitmap {
		bitmap[i] = 0xff
	}
	bitmap[diagnostic/8] &^= 1 << (diagnostic % 8)
	t.OK("set_iobitmap", setBitmap(bitmap[:], 8*uint32(len(bitmap))))
	t.Trapped("IN of the port that is allowed", pv.RunUser(readPort), pv.Syscall64, 0)
	t.Trapped("wide IN of ports of which one is allowed", pv.RunUser(readWide), pv.GP, 0)
	t.NoTrap("IN in the kernel of the port that is allowed", pv.Catch(readPort))
	port = unusual
	t.Trapped("IN of another port", pv.RunUser(readPort), pv.GP, 0)
	port = 0x1000
	t.Trapped("IN of a port behind the bitmap", pv.RunUser(readPort), pv.GP, 0)
	t.OK("set_iobitmap with no ports", setBitmap(nil, 0))
	port = diagnostic
	t.Trapped("IN with no ports", pv.RunUser(readPort), pv.GP, 0)
	t.Errno("set_iobitmap with too many ports", setBitmap(bitmap[:], 65537), hypercall.EINVAL)
	t.Errno("set_iopl with level 4", setIOPL(4), hypercall.EINVAL)
}

// What the string instructions work on.
//
//lint:ignore U1000 the assembly code reads them
var stringAt, stringCount uint64

// stringEnd is what the address register has behind it.
var stringEnd uint64

func outString()
func inString()

func portsStrings(t *pv.T) {
	page := pv.AllocPage()
	port, stringAt, stringCount = diagnostic, page+16, 5
	t.OK("set_iopl", setIOPL(1))
	t.NoTrap("REP OUTSB", pv.Catch(outString))
	t.Equal("SI", stringEnd, stringAt+5)
	t.NoTrap("REP INSB", pv.Catch(inString))
	t.Equal("DI", stringEnd, stringAt+5)
	t.Equal("the byte before", uint64(*pv.At[byte](stringAt - 1)), 0)
	t.Equal("the byte behind", uint64(*pv.At[byte](stringAt + 5)), 0)

	t.OK("read-only", pv.UpdateVAMapping(page, pv.MFN(page)*pv.PageSize|pv.RO, hypercall.UVMF_INVLPG))
	trap := pv.Catch(inString)
	const present, write = 1, 2 // Xen does not say that the page is there
	t.Trapped("REP INSB to a page that is read-only", trap, pv.PF, write|trap.Error&present)
	t.Equal("cr2", trap.CR2, stringAt)
	t.OK("writable", pv.UpdateVAMapping(page, pv.MFN(page)*pv.PageSize|pv.RW, hypercall.UVMF_INVLPG))
	stringAt = 0x1000
	trap = pv.Catch(outString)
	t.Trapped("REP OUTSB from nowhere", trap, pv.PF, 0)
	t.Equal("cr2", trap.CR2, stringAt)
	stringAt = nonCanonical
	t.Trapped("REP OUTSB from an address that is not canonical", pv.Catch(outString), pv.GP, 0)
	t.OK("set_iopl", setIOPL(0))
	pv.FreePage(page)
}

// iopl is about the level's other home: the flags, where it is with the architectural_iopl assist.
func iopl(t *pv.T) {
	t.OK("vm_assist", pv.VMAssist(hypercall.VMASST_CMD_enable, hypercall.VMASST_TYPE_architectural_iopl))
	port = diagnostic
	t.NoTrap("IN in the kernel, which has level 0", pv.Catch(readPort))
	for level := range uint64(4) {
		var u pv.User
		u.Start(readPort)
		u.Iret.RFLAGS |= level << 12
		if trap := u.Run(); level == 3 {
			t.Trapped("IN at level 3", trap, pv.Syscall64, 0)
			t.Equal("level in the saved flags", trap.RFLAGS>>12&3, level)
		} else {
			t.Trapped("IN at a lower level", trap, pv.GP, 0)
			t.Equal("level in the saved flags", trap.RFLAGS>>12&3, level)
		}
	}
	t.OK("vm_assist", pv.VMAssist(hypercall.VMASST_CMD_disable, hypercall.VMASST_TYPE_architectural_iopl))
	t.OK("set_iopl", setIOPL(0))
	t.Trapped("IN in the kernel", pv.Catch(readPort), pv.GP, 0)
}
