package rights

import (
	"tuco/hypercall"
	"tuco/kernel/x86"
	"tuco/qemu-tests/guests/pv"
)

// QEMU's two ports that tell of the machine: a number is written to the one, what it stands for is read byte by byte from the other. Number 0
// stands for "QEMU".
const (
	selectPort = 0x510
	dataPort   = selectPort + 1
	nothing    = 0xff
)

// The steps at which the two wait for each other, in board.turn.
const (
	turnFirst = iota // the ward has not looked yet
	turnGive
	turnGiven
	turnTake
	turnTaken
	turnOver

	// About a device's memory.
	turnMap
	turnMapped
	turnUnmap
	turnUnmapped
	turnMiss
	turnMissed
	turnKeep
	turnKept
)

func (b *board) wait(turn uint64) {
	for b.turn != turn {
		pv.Sleep(pv.Now() + pv.Millisecond)
	}
}

// signature is what can be read of "QEMU".
func signature() (s [4]byte) {
	x86.Out16(selectPort, 0)
	for i := range s {
		s[i] = x86.In8(dataPort)
	}
	return s
}

var ports hypercall.ControlPorts

func changePorts(first, last uint16, flags uint32) uint64 {
	ports = hypercall.ControlPorts{Target: hypercall.ControlTarget{DomID: ward}, First: first, Last: last, Flags: flags}
	return pv.Call(hypercall.HYPERVISOR_control_op, hypercall.CONTROL_VERSION, hypercall.CONTROLOP_ports, pv.Address(&ports), 0, 0)
}

// givePorts is the guardian's part: the ward gets the two ports, and loses them.
func givePorts(t *pv.T, b *board) {
	const give = hypercall.CONTROLPORTS_give
	b.wait(turnGive)
	for _, r := range [...][2]uint16{{0x20, 0x21}, {0xcf8, 0xcff}, {0xcf0, 0xcf8}, {0x3f8, 0x3f8}, {0, 0xffff}} {
		t.Errno("giving what is the hypervisor's", changePorts(r[0], r[1], give), hypercall.EBUSY)
	}
	t.Errno("giving ports from behind to before", changePorts(dataPort, selectPort, give), hypercall.EINVAL)
	t.Errno("a flag that there is not", changePorts(selectPort, dataPort, 2), hypercall.EINVAL)
	t.Errno("taking what was not given", changePorts(selectPort, dataPort, 0), hypercall.ENOENT)
	t.OK("giving ports", changePorts(selectPort, dataPort, give))
	t.Errno("giving one again", changePorts(dataPort, dataPort+1, give), hypercall.EEXIST)
	b.turn = turnGiven
	b.wait(turnTake)
	t.Errno("taking a part", changePorts(selectPort, selectPort, 0), hypercall.ENOENT)
	t.OK("taking ports", changePorts(selectPort, dataPort, 0))
	t.OK("giving ports that the ward keeps to its end", changePorts(selectPort, selectPort, give))
	b.turn = turnTaken
	b.wait(turnOver)
}

// usePorts is the ward's: it reaches what it was given, as long as it has it, and nothing beside.
func usePorts(t *pv.T, b *board) {
	pv.UsePorts(true)
	none := [4]byte{nothing, nothing, nothing, nothing}
	t.Check(signature() == none, "ports that were not given are there")
	b.turn = turnGive
	b.wait(turnGiven)
	t.Check(signature() == [4]byte{'Q', 'E', 'M', 'U'}, "ports that were given are not there")
	t.Equal("an access that reaches beyond", uint64(x86.In16(dataPort)), nothing<<8|nothing)
	t.Equal("a port beside", uint64(x86.In8(dataPort+1)), nothing)
	t.Equal("a port of the hypervisor's", uint64(x86.In8(0x21)), nothing)
	b.turn = turnTake
	b.wait(turnTaken)
	t.Check(signature() == none, "ports that were taken back are there")
	pv.UsePorts(false)
	b.turn = turnOver
}
