package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/evtchn"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/mm"
)

// scratch is where a handler keeps the part of a list that it works on: too much
// for the stack to be cleared for. A handler runs to its end on its CPU, so each
// CPU has one.
type scratch struct {
	requests   [64]mm.Request
	operations [32]hypercall.MMUExtOp
	calls      [32]hypercall.MulticallEntry
	frames     [maxChunk + 1]hypercall.XenPFN
	pages      [maxChunk]hypercall.XenPFN
	mfns       [pagesAtOnce]frame.MFN
	entries    [domain.MaxMap]hypercall.E820Entry
	ports      [evtchn.MaxPollPorts]hypercall.Port

	grantMap     hypercall.GnttabMapGrantRef
	grantUnmap   hypercall.GnttabUnmapGrantRef
	grantReplace hypercall.GnttabUnmapAndReplace
	grantCopy    hypercall.GnttabCopy
	grantSwap    hypercall.GnttabSwapGrantRef
	unmapping    unmapping

	context hypercall.VCPUGuestContext
	created hypercall.ControlCreate
}

var scratches [layout.MaxCPUs]scratch

// room is the scratch of the CPU that the vCPU is on. What it holds is left over
// from anybody: only what was written in the same step is read.
func room(v *domain.VCPU) *scratch { return &scratches[v.CPU.ID] }
