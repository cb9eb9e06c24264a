package cpu

import (
	"tuco/guestlib/console"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/hypercall"
)

// CPU is what a vCPU keeps for itself, at GS base.
type CPU struct {
	Info hypercall.VCPUInfo // shared with the hypervisor; the event mask is at GS:1

	self     uint64
	ID       uint32 // the vCPU's number
	stackTop uint64 // of the library's stack of the thread that runs
	g        uint64 // the library's g for it

	//lint:ignore U1000 the assembly code refers to it
	scratch

	//lint:ignore U1000 the assembly code refers to it
	awaits    bool   // it is in await
	writesFS  bool   // the instruction that writes the FS base may be used
	extended  uint64 // 0: FXSAVE is enough; else the components that XSAVE is asked for
	stateSize uint64 // bytes that it needs
}

// scratch is where a stub keeps what it has no register for. Events are masked then.
//
//lint:ignore U1000 the assembly code refers to it
type scratch struct {
	ax, bx, err, vector uint64
}

// A Context is what the library keeps of a thread that does not run.
type Context struct {
	sp       uint64 // where it left off
	FS       uint64 // its FS base
	stackTop uint64
	g        goroutine
	own      [2]uint64 // where FS points when it is not the program's: behind the first word, which names g
}

// goroutine is the head of the runtime's g, as compiled code looks at it.
type goroutine struct {
	stackLow, stackHigh      uint64
	stackguard0, stackguard1 uint64
	_                        [480]byte // the rest of a g: nobody's
}

// stackGuard is the runtime's constant of that name: how far above the stack's end a function's check stops.
const stackGuard = 928

// stackSize is how far below its upper end a stack reaches.
//
//lint:ignore U1000 the assembly code refers to it
const stackSize = mm.StackSize

// Prepare makes a context whose stack is mapped.
func (c *Context) Prepare(stackTop uint64) {
	c.stackTop = stackTop
	c.g.stackLow, c.g.stackHigh = stackTop-mm.StackSize, stackTop
	c.g.stackguard0 = c.g.stackLow + stackGuard
	c.g.stackguard1 = c.g.stackguard0
}

// This is the vCPU that runs the caller.
func This() *CPU { return hypercalls.At[CPU](thisAddress()) }

// first is vCPU 0's.
var first *CPU

// Init makes the running vCPU, the first, on its start's stack, one with a CPU, and a thread's context that of what runs.
func Init(t *Context) {
	first = create(0)
	hypercalls.SetSegmentBase(hypercall.SEGBASE_GS_KERNEL, first.self)
	first.run(t)
	fillTraps()
	first.setUp()
}

// create makes what a vCPU keeps for itself.
func create(id uint32) *CPU {
	va, ok := mm.AllocPage()
	if !ok {
		console.Fatal("out of memory: no page for a vCPU")
	}
	c := hypercalls.At[CPU](va)
	*c = CPU{self: va, ID: id}
	area := hypercall.VCPURegisterVCPUInfo{MFN: mm.Machine(va) / mm.PageSize}
	if hypercalls.VCPUOp(hypercall.VCPUOP_register_vcpu_info, id, &area) != 0 {
		console.Fatal("the hypervisor refused register_vcpu_info")
	}
	c.Info.EvtchnUpcallMask = 1
	return c
}

func (c *CPU) run(t *Context) { c.stackTop, c.g = t.stackTop, hypercalls.Address(&t.g) }

// setUp tells the hypervisor where the running vCPU takes faults and events.
func (c *CPU) setUp() {
	hypercalls.VCPUOp[byte](hypercall.VCPUOP_stop_periodic_timer, c.ID, nil)
	c.writesFS = enableFSGSBASE()
	c.extended, c.stateSize = extendedState()
	if c.stateSize > maxState {
		console.Fatal("the processor's extended state is larger than the library knows")
	}
	if hypercall.Failed(hypercalls.Call(hypercall.HYPERVISOR_set_trap_table, hypercalls.Address(&traps[0]), 0, 0, 0, 0)) != 0 {
		console.Fatal("the hypervisor refused the trap table")
	}
	event, failsafe := callbacks()
	if hypercall.Failed(hypercalls.Call(hypercall.HYPERVISOR_set_callbacks, event, failsafe, 0, 0, 0)) != 0 {
		console.Fatal("the hypervisor refused the callbacks")
	}
}

const (
	fxsaveSize = 512
	maxState   = 4096
)

// extendedState is what of the registers' state has to be kept: CPUID and XGETBV tell.
func extendedState() (components, size uint64) {
	const osxsave, avx, beyondFXSAVE, wide = 1 << 27, 1 << 28, ^uint64(3), 7
	if features()&osxsave == 0 {
		return 0, fxsaveSize
	}
	enabled := xgetbv()
	mm.UseWideRegisters(features()&avx != 0 && enabled&wide == wide)
	if enabled&beyondFXSAVE == 0 {
		return 0, fxsaveSize
	}
	_, b, _, _ := cpuid(0xd, 0)
	return enabled, uint64(b)
}

// enableFSGSBASE has the processor know the instructions that write the bases of FS and GS, if there are any. The hypervisor
// emulates what touches CR4.
func enableFSGSBASE() bool {
	const known, enabled = 1 << 0, 1 << 16
	if most, _, _, _ := cpuid(0, 0); most < 7 {
		return false
	}
	if _, b, _, _ := cpuid(7, 0); b&known == 0 {
		return false
	}
	if cr4()&enabled == 0 {
		setCR4(cr4() | enabled)
	}
	return cr4()&enabled != 0
}

// Random is a number that others can't know, if the processor has one.
func Random() (v uint64, ok bool) {
	const rdrand = 1 << 30
	if features()&rdrand == 0 {
		return 0, false
	}
	return random()
}

// features is register C of CPUID's leaf 1. The hypervisor answers CPUID, so it is asked once.
func features() uint32 {
	if leaf1 == 0 {
		_, _, leaf1, _ = cpuid(1, 0)
	}
	return leaf1
}

var leaf1 uint32

// Switch has the vCPU go on with another thread, where that left off. It returns when somebody switches back.
func Switch(from, to *Context) {
	This().run(to)
	switchStack(hypercalls.Address(&from.sp), to.sp, to.FS)
}

// SetFS sets the FS base of the thread that runs, whose context this is.
func (c *Context) SetFS(base uint64) {
	c.FS = base
	*hypercalls.At[uint64](base - 8) = hypercalls.Address(&c.g)
	hypercalls.SetSegmentBase(hypercall.SEGBASE_FS, base)
}

// OwnFS is an FS base where nothing of the program's is.
func (c *Context) OwnFS() uint64 { return hypercalls.Address(&c.own[1]) }

// Fork makes a context come out of a system call as its caller does, but with 0, on a stack of its own and with its own FS
// base.
func (c *Context) Fork(parent *Call, stack, fs uint64) {
	const word = 8
	*hypercalls.At[uint64](stack - word) = *hypercalls.At[uint64](parent.SP) // where it returns to
	child := hypercalls.At[Call](c.stackTop - callSize)
	*child = *parent
	child.AX, child.SP, child.fsG = 0, stack-word, 0
	// What switchStack pops: BP and where to go.
	forked, _ := entries()
	*hypercalls.At[uint64](c.stackTop - callSize - word) = forked
	c.sp = c.stackTop - callSize - 2*word
	c.FS = fs
	*hypercalls.At[uint64](fs - word) = hypercalls.Address(&c.g)
}

// Await is SCHEDOP_poll with events let in: one of any port that is not masked ends it. They are masked again when it returns, and
// nobody has taken any.
func Await(poll *hypercall.SchedPoll) { await(hypercalls.Address(poll)) }

func await(poll uint64)
func thisAddress() uint64
func switchStack(save, sp, fs uint64)
func entries() (forked, began uint64)
func cpuid(leaf, subleaf uint32) (a, b, c, d uint32)
func xgetbv() uint64
func cr4() uint64
func setCR4(v uint64)
func random() (v uint64, ok bool)

// Renew tells the hypervisor again where the running vCPU has its information, after the domain was restored.
func Renew() {
	c := This()
	area := hypercall.VCPURegisterVCPUInfo{MFN: mm.Machine(c.self) / mm.PageSize}
	if hypercalls.VCPUOp(hypercall.VCPUOP_register_vcpu_info, c.ID, &area) != 0 {
		console.Fatal("the hypervisor refused register_vcpu_info after the domain was restored")
	}
	c.Info.EvtchnUpcallMask = 1
	c.setUp()
}
