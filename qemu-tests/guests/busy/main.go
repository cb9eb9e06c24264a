// Command busy takes all the processor time that it can get, or with idle=1 none, and says how its time was spent from
// one system time to another:
//
//	busy: 1000012345 ns running, 999987655 runnable, 0 blocked, 0 offline
//
// The command line gives these times in milliseconds, from=N and to=N, and end=N, up to which it goes on, so that others
// who measure at the same time are not left alone.
package main

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

func main() {
	pass := work
	if pv.Number("idle=", 0) != 0 {
		pass = rest
		pv.BindTimer()
	}
	from, to := pv.Number("from=", 0)*pv.Millisecond, pv.Number("to=", 0)*pv.Millisecond
	if pv.Now() > from {
		panic("the machine took longer to start")
	}
	pass(from)
	before := account()
	pass(to)
	after := account()
	pass(pv.Number("end=", 0) * pv.Millisecond)
	var ns [len(after.Time)]uint64
	for i := range ns {
		ns[i] = after.Time[i] - before.Time[i]
	}
	pv.Print("busy: %d ns running, %d runnable, %d blocked, %d offline", ns[:]...)
}

// account is how the vCPU's time was spent up to now.
func account() (r hypercall.VCPURunstateInfo) {
	pv.Need("get_runstate_info", pv.VCPUOp(hypercall.VCPUOP_get_runstate_info, pv.This().ID, &r))
	return r
}

// work keeps the processor until a system time. It looks at the clock now and then only, since that is what takes an
// emulator long.
func work(until uint64) {
	const turns = 200 // some 50 µs
	for pv.Now() < until {
		burn(turns)
	}
}

// burn makes an empty loop's turns, and then a PAUSE: with -icount QEMU runs one processor until it halts, pauses or has to
// be interrupted, and would leave the others behind.
func burn(turns uint64)

// rest sleeps until a system time.
func rest(until uint64) {
	for pv.Now() < until {
		pv.Sleep(until)
	}
}
