package pv

import (
	_ "unsafe" // for linkname

	"tuco/hypercall"
)

// StartInfo is what the domain's builder tells.
var StartInfo *hypercall.StartInfo

// AtEntry is the state in which the hypervisor has started the guest.
var AtEntry EntryState

// EntryState is a part of a vCPU's state.
type EntryState struct {
	SP, SI, BP, Flags      uint64
	CS, SS, DS, ES, FS, GS uint16
	MXCSR                  uint32
	FPUControl             uint16
	UpcallMask             uint8
}

// programMain is the guest's own main.
//
//go:linkname programMain main.main
func programMain()

// startFunc is what entry calls.
//
//lint:ignore U1000 the assembly code refers to it
var startFunc = start

func start(info *hypercall.StartInfo) {
	StartInfo = info
	cpus[0].prepare(0)
	identify()
	initMemory()
	mapSharedInfo()
	AtEntry.UpcallMask = cpus[0].Info.EvtchnUpcallMask
	SetTraps()
	programMain()
	Shutdown(hypercall.SHUTDOWN_poweroff)
}

// Domain0 tells whether this is the first domain, which has rights over the machine.
func Domain0() bool { return StartInfo.Flags&hypercall.SIF_INITDOMAIN != 0 }

// Shutdown ends the domain.
func Shutdown(reason uint32) {
	arg := hypercall.SchedShutdown{Reason: reason}
	SchedOp(hypercall.SCHEDOP_shutdown, &arg)
	for { // there is no way back; what would run instead of this must not
		SchedOp[uint64](hypercall.SCHEDOP_block, nil)
	}
}

// CommandLine is the guest's command line.
func CommandLine() []byte { return Terminated(StartInfo.CmdLine[:]) }

// Terminated is a text up to its zero.
func Terminated(b []byte) []byte {
	for i, c := range b {
		if c == 0 {
			return b[:i]
		}
	}
	return b
}

// OnTuco tells whether the hypervisor is Tuco, and not Xen: by its extra version.
func OnTuco() bool { return onTuco }

var onTuco bool

func identify() {
	var extra hypercall.XenExtraversion
	XenVersion(hypercall.XENVER_extraversion, &extra)
	onTuco = string(Terminated(extra[:])) == "-tuco"
}
