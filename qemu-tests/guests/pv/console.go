package pv

import (
	"unsafe"

	"tuco/hypercall"
	"tuco/kernel/text"
)

// Print writes a line to the console: t with its verbs replaced by the values, see [text.Line.Template].
func Print(t string, v ...uint64) {
	var l text.Line
	PrintLine(l.Template(t, v...))
}

// PrintLine writes a line to the console.
func PrintLine(l *text.Line) {
	l.Str("\n")
	write(l.Bytes())
}

// write sends bytes to the hypervisor's console. A guest that can't write has no way to complain.
func write(b []byte) {
	Call(hypercall.HYPERVISOR_console_io, hypercall.CONSOLEIO_write, uint64(len(b)), uint64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))), 0, 0)
}
