package pv

import (
	"unsafe"

	"tuco/hypercall"
)

// User is a program in user mode: its registers, and at the front why it left off.
type User struct{ Frame }

// Start makes user mode ready to run code, a function that takes and returns nothing, with a stack of its own. User mode
// sees the kernel's memory too, unless the test loads another root: so code may be Go, or assembly, to which Go puts a few
// instructions of its own. It never returns: it traps.
func (u *User) Start(code func()) {
	UseUserRoot(SharedRoot())
	u.StartAt(CodeOf(code), userStack()+PageSize-8)
	u.R14 = Address(&This().g)
}

// StartAt makes user mode ready to run code at an address, in whatever space it has.
func (u *User) StartAt(rip, rsp uint64) {
	*u = User{}
	u.Iret = hypercall.IretContext{
		RIP: rip, CS: hypercall.FLAT_USER_CS, RFLAGS: FlagIF, RSP: rsp, SS: hypercall.FLAT_USER_SS,
	}
}

// Run goes on with the program up to its next trap that has no handler, and returns that. Upcalls are
// masked as before.
func (u *User) Run() Trap {
	c := This()
	mask := c.Info.EvtchnUpcallMask
	// The topmost frame: resume is done with it when the next trap overwrites it.
	top := At[Frame]((c.trapHigh - uint64(unsafe.Sizeof(u.Frame))) &^ 15)
	*top = u.Frame
	enterUser(c, top)
	c.userSP = 0
	u.Frame = c.userExit
	c.Info.EvtchnUpcallMask = mask
	return u.Trap
}

//go:noescape
func enterUser(c *CPU, f *Frame)

// CodeOf is the address of a function's first instruction.
func CodeOf(f func()) uint64 { return **(**uint64)(unsafe.Pointer(&f)) }

// FuncAt is the code whose address lies at entry, as a function. It must keep all registers.
func FuncAt(entry *uint64) func() { return *(*func())(unsafe.Pointer(&entry)) }

// UseUserRoot makes an L4 table the root for user mode on this vCPU.
func UseUserRoot(root uint64) {
	Need("NEW_USER_BASEPTR", MMUExtOp(hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_NEW_USER_BASEPTR, Arg1: MFN(root)}))
}

var sharedRoot, userStackVA uint64

// SharedRoot is an L4 table through which user mode sees what the kernel sees, at the same addresses.
func SharedRoot() uint64 {
	if sharedRoot == 0 {
		sharedRoot = AllocPage()
		slot := 8 * index(VirtBase, 4)
		*At[uint64](sharedRoot + slot) = *At[uint64](StartInfo.PTBase + slot)
		Protect(sharedRoot)
		Pin(sharedRoot, 4)
	}
	return sharedRoot
}

func userStack() uint64 {
	if userStackVA == 0 {
		userStackVA = AllocPage()
	}
	return userStackVA
}

// RunUser runs a function in user mode, up to its trap.
func RunUser(code func()) Trap {
	var u User
	u.Start(code)
	return u.Run()
}
