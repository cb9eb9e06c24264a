package stub

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// stormLoop is for user mode: it makes system calls and page faults until the word at DI is not 0, and then traps. In SI is
// an address where nothing is mapped. R12 counts the rounds, in each of which it does nothing for so long as R13 says.
func stormLoop()

// gale is a vCPU's part of the storm.
type gale struct {
	stop    uint64
	timer   hypercall.Port
	ipi     hypercall.Port
	due     uint64 // when the timer is to ring
	until   uint64
	rings   uint64
	latest  uint64 // how late the worst came
	sent    atomic.Uint64
	got     atomic.Uint64 // notifications of others
	rounds  uint64
	badTrap uint64
}

var gales [pv.MaxCPUs]gale

// atEnd is when vCPUs begin to come to their ends, before it: then QEMU, whose processors take turns where instructions
// are counted, lets the others wait for one that idles.
const atEnd = 2 * pv.Millisecond

// period is how long a timer is set for. It is no multiple of anything, so that it rings at every instruction in time.
const period = 50_021

// ring takes this vCPU's upcalls. Of the ports that are pending only its own are its business.
func ring(*pv.Frame) {
	c := pv.This()
	g := &gales[c.ID]
	c.Info.EvtchnUpcallPending = 0
	atomic.StoreUint64(&c.Info.EvtchnPendingSel, 0)
	if pv.Pending(g.ipi) {
		pv.ClearPending(g.ipi)
		g.got.Add(1)
	}
	if !pv.Pending(g.timer) {
		return
	}
	pv.ClearPending(g.timer)
	now := pv.Now()
	if now < g.due {
		return // it rings again
	}
	g.rings++
	if now < g.until-atEnd {
		g.latest = max(g.latest, now-g.due)
	}
	if now > g.until {
		g.stop = 1
		return
	}
	g.due = now + period + g.rings%97
	pv.SetTimer(g.due)
	// The next one's notification was taken: another follows.
	next := &gales[(c.ID+1)%galeCount]
	if next.got.Load() == next.sent.Load() {
		next.sent.Add(1)
		pv.Send(next.ipi)
	}
}

var (
	galeCount uint32
	howLong   uint64
)

// weather is a vCPU's part.
func weather() {
	g := &gales[pv.This().ID]
	pv.MaskUpcalls()
	setEntry(goBack(), false)
	setFaultHandler(goOn())
	g.until = pv.Now() + howLong
	g.due = pv.Now() + period
	pv.SetTimer(g.due)
	var u pv.User
	u.Start(stormLoop)
	u.DI, u.SI, u.R12, u.R13 = pv.Address(&g.stop), nowhere, 0, pv.Number("calm=", 0)
	trap := u.Run()
	g.rounds = u.R12
	if trap.Vector != pv.UD {
		g.badTrap = 1 + uint64(trap.Vector)
	}
	pv.MaskUpcalls()
	resetEntry()
	resetFaultHandler()
}

// storm has each vCPU make system calls and page faults, while a timer of its own and notifications of its neighbour
// interrupt it everywhere. None is lost: each timer is set by the handler of the one before, and each notification sent when
// the one before has come.
func storm(t *pv.T) {
	galeCount, howLong = pv.CPUs(), pv.Number("storm=", 20)*pv.Millisecond
	if galeCount > 1 {
		pv.StartCPUs(galeCount)
	}
	pv.OnTrap(pv.Event, ring)
	for id := range galeCount {
		g := &gales[id]
		g.ipi = pv.BindIPI(id)
		if id == 0 {
			g.timer = pv.BindTimer()
		} else {
			pv.Do(id, func() { gales[pv.This().ID].timer = pv.BindTimer() })
		}
	}
	var u pv.User
	u.Start(undefined) // makes what vCPUs share of it
	for id := uint32(1); id < galeCount; id++ {
		pv.Go(id, weather)
	}
	weather()
	for id := range galeCount {
		g := &gales[id]
		if id != 0 {
			t.Check(pv.Await(id), "vCPU %d does not come to an end", uint64(id))
		}
		t.Check(g.badTrap == 0, "vCPU %d: trap %x", uint64(id), g.badTrap-1)
		pv.Print("stub: vCPU %d: %d rounds, %d timers, the latest by %d ns; %d of %d notifications", uint64(id), g.rounds, g.rings,
			g.latest, g.got.Load(), g.sent.Load())
		t.Check(g.rings > 0 && g.rounds > 0, "vCPU %d did nothing", uint64(id))
	}
	pv.OnTrap(pv.Event, nil)
	pv.ForgetEvents()
	for id := range galeCount {
		g := &gales[id]
		t.Check(g.sent.Load()-g.got.Load() <= 1, "notifications of vCPU %d: %d came of %d", uint64(id), g.got.Load(), g.sent.Load())
		if says("time=", "instructions") {
			t.Check(g.latest < pv.Millisecond, "vCPU %d: a timer came %d ns late", uint64(id), g.latest)
		}
		pv.Close(g.timer, g.ipi)
	}
}
