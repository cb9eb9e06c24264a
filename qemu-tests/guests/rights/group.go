// Package rights tests what a privileged domain may do with another one's memory, and what that one may not do with
// others'. It needs two domains: the command line of the privileged one says test=guardian, and that of domain 1, which
// has no rights, test=ward. The test denied is for a domain without rights alone.
package rights

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// Group is the tests.
var Group = pv.Group{Name: "rights", Alone: true, Tests: []pv.Test{
	{Name: "guardian", Run: guardian},
	{Name: "ward", Run: wardTest},
	{Name: "denied", Run: denied},
}}

// ward is the number of the domain that has no rights.
const ward hypercall.DomID = 1

// board is a page of the ward's by which the two tell each other.
type board struct {
	magic uint64
	table uint64 // frame of an L1 table of the ward's, whose first entry is free
	spare uint64 // frame that the ward does not map
	pages uint64 // of the ward
	done  uint64 // set by the guardian
	turn  uint64 // whose turn it is, about devices
}

const magic = 0x67_7561_7264

// The ward tells the guardian where the board is by two ports: half of the frame's number is in the number of the domain
// that each waits for, on top of these.
const (
	lowMark, highMark hypercall.DomID = 0x1000, 0x2000
	radix                             = 1 << 12
)

var (
	state       hypercall.EvtchnStatus
	reservation hypercall.XenMemoryReservation
	subject     hypercall.XenMemoryDomain
	memoryMap   hypercall.XenMemoryMap
	theirMap    hypercall.XenForeignMemoryMap
	entries     [8]hypercall.E820Entry
	number      uint64
)

// reserved is what a command says of a domain's memory.
func reserved(cmd uint64, d hypercall.DomID) uint64 {
	subject = hypercall.XenMemoryDomain{DomID: d}
	return pv.MemoryOp(cmd, &subject)
}

// change makes a reservation of one frame, or gives it back.
func change(cmd uint64, d hypercall.DomID, frame uint64) uint64 {
	number = frame
	reservation = hypercall.XenMemoryReservation{
		ExtentStart: hypercall.Handle[hypercall.XenPFN](pv.Address(&number)), NrExtents: 1, DomID: d,
	}
	return pv.MemoryOp(cmd, &reservation)
}

func mapOther(page, entry uint64, d hypercall.DomID) uint64 {
	return pv.Call(hypercall.HYPERVISOR_update_va_mapping_otherdomain, page, entry, uint64(hypercall.UVMF_INVLPG), uint64(d), 0)
}

// tablesOf is the ForeignDom that has a domain's tables changed, for frames of another's.
func tablesOf(tables, frames hypercall.DomID) hypercall.ForeignDom {
	return hypercall.ForeignDom(tables+1)<<16 | hypercall.ForeignDom(frames)
}
