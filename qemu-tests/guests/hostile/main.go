// Command hostile is a guest that makes hypercalls which nobody would make, and others that show what becomes of those
// beside it. The command line says which:
//
//	calls=N seed=S       makes N calls with arguments made up from the seed: see fuzz; with reckless=1 also such as may
//	                     well cost it its own memory
//	neighbour=MS stay=S  sleeps and looks after its memory for so long, and stays for some more seconds: see neighbour
//	long=1               makes calls that take long: see long
package main

import (
	"tuco/hypercall"
	"tuco/kernel/text"
	"tuco/qemu-tests/guests/pv"
)

func main() {
	switch {
	case pv.Number("neighbour=", 0) != 0:
		neighbour(pv.Number("neighbour=", 0) * pv.Millisecond)
	case pv.Number("long=", 0) != 0:
		long()
	default:
		fuzz(pv.Number("calls=", 0))
	}
}

// longest is the call that has taken the longest.
var longest struct {
	ticks uint64
	call  hypercall.Number
	args  arguments
}

// fuzz makes calls. It depends on nothing that they may change.
func fuzz(calls uint64) {
	pv.MaskUpcalls()
	pv.BindTimer()
	makeArena()
	reckless = pv.Number("reckless=", 0) != 0
	r := random(pv.Number("seed=", 0))
	var a arguments
	succeeded := uint64(0)
	for range calls {
		n := r.call(&a)
		start := pv.TSC()
		result := pv.Call(n, a[0], a[1], a[2], a[3], a[4])
		if ticks := pv.TSC() - start; ticks > longest.ticks {
			longest.ticks, longest.call, longest.args = ticks, n, a
		}
		if hypercall.Failed(result) == 0 {
			succeeded++
		}
	}
	pv.Print("") // what was said so far ends in no line
	pv.Print("hostile: %d calls, %d without an error", calls, succeeded)
	var l text.Line
	pv.PrintLine(l.Template("hostile: the longest took %d ticks: ", longest.ticks).Str(longest.call.String()).
		Template(" %x %x %x %x %x", longest.args[:]...))
}
