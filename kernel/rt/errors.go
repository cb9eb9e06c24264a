package rt

import (
	"unsafe"

	"tuco/kernel/klog"
	"tuco/kernel/symtab"
)

// boundsError takes failed index and slice checks. regs are the registers at
// the check; a table of the linker says which of them hold the index and the
// limit.
func boundsError(pc uintptr, regs *[16]int64) {
	f, ok := symtab.Find(pc - 1)
	if !ok {
		klog.Bug("index out of range")
	}
	e := decodeBounds(f.PanicBounds(pc - 1))
	klog.Bugf("%s: %d, limit %d", klog.S(e.name()), klog.D(e.x.value(regs)), klog.D(e.y.value(regs)))
}

// checkError takes the errors that the compiler names itself; pc is where.
func checkError(_ uintptr, text string) { klog.Bug(text) }

// textError takes errors that come as a text.
func textError(text string) { klog.Bug(text) }

// explicitPanic takes panic(v). An interface is two words; only a string is
// worth showing, and only constants can be in one here.
func explicitPanic(v any) {
	if s, ok := v.(string); ok {
		klog.Bug(s)
	}
	klog.Bug("panic with a value that is no string")
}

func typeAssertionError(_, _, _ unsafe.Pointer) {
	klog.Bug("type assertion failed")
}

func nilAssertionError(_ unsafe.Pointer) {
	klog.Bug("type assertion of a nil interface")
}

func nilReceiver() { klog.Bug("method with a value receiver called through a nil pointer") }

func heapUse(_ uintptr, _ unsafe.Pointer, _ bool) unsafe.Pointer {
	klog.Bug("the kernel has no heap and something asked for memory from it")
	return nil
}
