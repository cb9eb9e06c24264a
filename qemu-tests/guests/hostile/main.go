// Command hostile is a guest that makes hypercalls which nobody would make, and others that show what becomes of those
// beside it. The command line says which:
//
//	calls=N seed=S       makes N calls with arguments made up from the seed, on each vCPU: see fuzz; with reckless=1 also
//	                     such as may well cost it its own memory
//	programs=N seed=S    has user mode execute N programs made up from the seed: see runCode
//	neighbour=MS stay=S  sleeps and looks after its memory for so long, and stays for some more seconds: see neighbour
//	long=1               makes calls that take long: see long
package main

import "tuco/qemu-tests/guests/pv"

func main() {
	switch {
	case pv.Number("neighbour=", 0) != 0:
		neighbour(pv.Number("neighbour=", 0) * pv.Millisecond)
	case pv.Number("programs=", 0) != 0:
		runCode(pv.Number("programs=", 0))
	case pv.Number("long=", 0) != 0:
		long()
	default:
		fuzz()
	}
}
