package crash

import (
	"unsafe"

	"tuco/kernel/frame"
	"tuco/kernel/idt"
	"tuco/kernel/klog"
	"tuco/kernel/layout"
	"tuco/kernel/percpu"
	"tuco/kernel/symtab"
)

// backtrace prints the calls that led to the state in f, innermost first, and
// goes on through interrupted code where the calls began in a handler, with the
// registers that it had. It reads only inside the stack that the stack pointer is on.
func backtrace(f *idt.Frame) {
	pc, sp := f.RIP, f.RSP
	call := frame.VAddr(0) // 0 where pc is an instruction, 1 where it is a return address
	if f.Vector() == idt.BugVector {
		call = 1
	}
	var again repeats
	for range 4096 { // more than fit on a stack
		fn, ok := symtab.Find(uintptr(pc - call))
		if !ok {
			klog.Infof("  %x not in the hypervisor's text", klog.X(pc))
			// Control came here by a call or jump with nothing pushed since.
			if ret, ok := word(sp); ok && call == 0 {
				pc, sp, call = frame.VAddr(ret), sp+8, 1
				continue
			}
			return
		}
		if inner, ok := interrupted(fn, sp); ok {
			again.end()
			klog.Infof("  --- %s, vector %x, error code %x ---",
				klog.S(inner.Vector().String()), klog.X(uint8(inner.Vector())), klog.X(inner.ErrorCode))
			interruptedState("  ", inner)
			if within(inner.RSP, f) && inner.RSP <= sp {
				klog.Infof("  (this fault came while one was handled, and took its place on the stack)")
				return
			}
			pc, sp, call = inner.RIP, inner.RSP, 0
			continue
		}
		if !again.seen(pc) {
			printPositions(fn, pc-call)
		}
		depth, ok := fn.StackDepth(uintptr(pc - call))
		if !ok {
			again.end()
			klog.Infof("  (the stack's depth is not known here)")
			return
		}
		ret, ok := word(sp + frame.VAddr(depth))
		if !ok {
			again.end()
			if fn.Name() != "tuco/kernel/percpu.begin" { // where every stack begins
				klog.Infof("  (the stack ends)")
			}
			return
		}
		pc, sp, call = frame.VAddr(ret), sp+frame.VAddr(depth)+8, 1
	}
}

// within tells whether an address is on the stack that f was pushed on.
func within(at frame.VAddr, f *idt.Frame) bool {
	_, atKind := percpu.Of(at)
	_, fKind := percpu.Of(frame.VAddr(uintptr(unsafe.Pointer(f))))
	return atKind == fKind
}

// repeats folds the lines of a recursion.
type repeats struct {
	pc    frame.VAddr
	times int
}

func (r *repeats) seen(pc frame.VAddr) bool {
	if pc == r.pc {
		r.times++
		return true
	}
	r.end()
	r.pc = pc
	return false
}

func (r *repeats) end() {
	if r.times > 0 {
		klog.Infof("  (%d more times)", klog.D(r.times))
	}
	r.times = 0
}

func printPositions(fn symtab.Func, pc frame.VAddr) {
	fn.Positions(uintptr(pc), func(p symtab.Position) bool {
		klog.Infof("  %s  %s:%d", klog.S(p.Function), klog.S(p.File), klog.D(p.Line))
		return true
	})
}

// interrupted is the state below a handler, if fn is what handlers return to.
func interrupted(fn symtab.Func, sp frame.VAddr) (*idt.Frame, bool) {
	if !idt.Common(frame.VAddr(fn.Entry())) {
		return nil, false
	}
	if _, ok := word(sp + frame.VAddr(unsafe.Sizeof(idt.Frame{})) - 8); !ok {
		return nil, false
	}
	return (*idt.Frame)(layout.Pointer(sp)), true
}

// word reads the stack, if the address is on it.
func word(at frame.VAddr) (uint64, bool) {
	low, high := percpu.Bounds(at)
	if at < low || at+8 > high || at%8 != 0 {
		return 0, false
	}
	return *(*uint64)(layout.Pointer(at)), true
}
