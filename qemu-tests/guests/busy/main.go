// Command busy takes all the processor time that it can get, on all its vCPUs, or with idle=1 none, and says how their time
// was spent from one system time to another:
//
//	busy: vcpu 0: 1000012345 ns running, 999987655 runnable, 0 blocked, 0 offline
//
// The command line gives these times in milliseconds, from=N and to=N, and end=N, up to which it goes on, so that others
// who measure at the same time are not left alone.
package main

import (
	"tuco/hypercall"
	"tuco/kernel/text"
	"tuco/qemu-tests/guests/pv"
)

func main() {
	if pv.Number("idle=", 0) != 0 {
		pass = rest
		pv.BindTimer()
	}
	n := pv.CPUs()
	pv.StartCPUs(n)
	if pv.Now() > at("from=") {
		panic("the machine took longer to start")
	}
	for id := uint32(1); id < n; id++ {
		pv.Go(id, measure)
	}
	measure()
	for id := range n {
		if id != 0 && !pv.Await(id) {
			panic("a vCPU has not come to the end")
		}
		var l text.Line
		pv.PrintLine(l.Template("busy: vcpu %d: ", uint64(id)).
			Template("%d ns running, %d runnable, %d blocked, %d offline", spent[id][:]...))
	}
}

// pass lets time pass until a system time.
var pass = work

// at is a time that the command line gives in milliseconds.
func at(key string) uint64 { return pv.Number(key, 0) * pv.Millisecond }

// spent is how each vCPU has spent its time, in nanoseconds.
var spent [pv.MaxCPUs][4]uint64

// measure lets the vCPU pass its time.
func measure() {
	pass(at("from="))
	before := account()
	pass(at("to="))
	after := account()
	pass(at("end="))
	for i := range after.Time {
		spent[pv.This().ID][i] = after.Time[i] - before.Time[i]
	}
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
