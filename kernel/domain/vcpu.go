package domain

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/container"
	"tuco/kernel/evtchn"
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/lock"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
	"tuco/kernel/percpu"
	"tuco/kernel/sched"
	"tuco/kernel/sharedinfo"
	"tuco/kernel/timer"
	"tuco/kernel/trace"
	"tuco/kernel/vtime"
)

// VCPU is a domain's virtual CPU.
type VCPU struct {
	Container container.Container

	Domain *Domain
	ID     uint16

	// Name is how the trace knows it.
	Name uint32

	// Leave, when set by a handler or an interrupt on the vCPU's CPU, ends the
	// exit loop before the next entry.
	Leave bool

	// Wants is what is to be done before the next entry; see Want.
	Wants atomic.Uint32

	// Upcalls is where the guest is told of events: its vcpu_info, or, as long as
	// it has none, a place of our own.
	Upcalls *sharedinfo.VCPU
	unheard sharedinfo.VCPU

	// InfoFrame is the frame of its vcpu_info, to which there is a reference of
	// ours as writable; NoMFN: the guest has registered none. [Claim]
	InfoFrame frame.MFN

	// Initialised: the vCPU has been given its state, by whoever built the domain
	// or by VCPUOP_initialise. [Claim]
	Initialised bool
	// Up: the guest wants it to run. Set while it is claimed, with the domain's
	// lock where it is cleared.
	Up      atomic.Bool
	claimed atomic.Bool

	// Polling: the vCPU waits in SCHEDOP_poll, or was woken from it just now.
	Polling bool

	// CPU is the CPU that the vCPU is on; nil if it is on none.
	CPU *percpu.CPU

	// Args are the arguments of the multicall's entry under way.
	Args hypercall.Args
	// Progress is how far a call has come that is to be continued.
	Progress Progress

	// Exits counts by reason, Calls by number, Lists by what the list was given to.
	Exits [exit.ReasonLimit]uint64
	Calls [Calls]uint64
	Lists [ListedLimit]Lists

	// Info describes the last exit that was not a hypercall.
	Info exit.Info

	PV PV

	// KernelMemory and UserMemory are the guest's memory as its kernel, and its user mode, reach
	// it, while the vCPU is on a CPU.
	KernelMemory, UserMemory guestmem.View

	// Ring is the vCPU's update ring, if its guest has registered one.
	Ring mm.Ring

	Entity sched.Entity
	Events evtchn.VCPU
	Timers vtime.Timers
	Alarms [Alarms]timer.Timer // those behind Timers
	Clock  VClock
}

// Wants of a vCPU.
const (
	// WantFlush: all its translations are to be dropped.
	WantFlush = 1 << iota
	// WantCall: its hypercall is to be continued.
	WantCall
	// WantNMI: it is to get an NMI.
	WantNMI
	// WantRing: its hypercall begins when its update ring is drained.
	WantRing
	// WantStub: what its stub may do by itself has changed.
	WantStub
)

// Alarms is how many timers a vCPU has.
const Alarms = 3

// Calls is how many hypercall numbers there may be.
const Calls = 64

// Progress is how far a hypercall has come that stopped at its budget. It is
// zero before a call begins. The hypervisor keeps it, not the guest.
type Progress struct {
	// Done counts the requests of the call that are done.
	Done uint32
	// Sub is how far the request under way has come, where that matters.
	Sub uint64
	// Entry counts the calls of a multicall that are done; InMulticall tells
	// that Done and Sub belong to such a call, which is Call.
	Entry       uint32
	InMulticall bool
	Call        hypercall.MulticallEntry
}

// VClock is where a vCPU's guest is told the time.
type VClock struct {
	Publisher vtime.Publisher
	// RunstateArea is the guest's address of its runstate; 0: it has none.
	RunstateArea atomic.Uint64
}

// Init makes a VCPU of d whose container is empty. The rest of v is all zero.
func (v *VCPU) Init(d *Domain, id uint16, s *exit.Setup) {
	v.Domain, v.ID = d, id
	v.Name = trace.VCPU(uint16(d.ID), id)
	v.Leave = false
	v.InfoFrame = frame.NoMFN
	v.Exits = [exit.ReasonLimit]uint64{}
	v.Info = exit.Info{}
	v.Container.Init(s)
	v.Ring.Init()
	v.unheard.MaskUpcalls()
	v.Upcalls = &v.unheard
}

// SetMemory says where the guest's memory is.
func (v *VCPU) SetMemory(f *pagetype.Frames) {
	v.KernelMemory.Frames, v.UserMemory.Frames = f, f
	v.KernelMemory.Root, v.UserMemory.Root = v.Domain.Memory.RootsAt(int(v.ID))
}

// BeginMemory makes the memory usable on a CPU.
func (v *VCPU) BeginMemory(h *lock.Holder) {
	v.KernelMemory.Begin(h)
	v.UserMemory.Begin(h)
}

// ForgetMemory is for a vCPU whose translations are all flushed, or that has got other roots.
func (v *VCPU) ForgetMemory() {
	v.KernelMemory.Forget()
	v.UserMemory.Forget()
}

// Want asks for something to be done before the next entry. Whoever asks from
// another CPU then sees to it that the vCPU leaves the guest.
func (v *VCPU) Want(what uint32) { v.Wants.Or(what) }

// Claim begins a hypercall's change of a vCPU's state, the caller's own or another's:
// at most one CPU is at it. False: the call is to be made again, from its start;
// whoever has claimed the vCPU is running and needs one step. Unlike a lock's, the
// holder of a claim may wait for other CPUs.
func (v *VCPU) Claim() bool { return v.claimed.CompareAndSwap(false, true) }

// Release ends it.
func (v *VCPU) Release() { v.claimed.Store(false) } // release: pairs with Claim

// Holder is the account of locks of the CPU that the vCPU is on.
func (v *VCPU) Holder() *lock.Holder { return &v.CPU.Locks }

// Heard tells whether the vCPU has a vcpu_info of its guest's.
func (v *VCPU) Heard() bool { return v.Upcalls != &v.unheard }

// FlushPage drops the translations of a page: see container.FlushPage. The vCPU is on this CPU.
func (v *VCPU) FlushPage(a frame.VAddr) {
	v.KernelMemory.ForgetPage(a)
	v.UserMemory.Forget() // of which little is kept
	v.Container.FlushPage(a)
}

// Upcall tells whether the guest has an upcall to come, and takes upcalls now.
func (v *VCPU) Upcall() bool { return v.Upcalls.Deliverable() }
