package events

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// wait is how long tests wait.
const wait = 5 * pv.Millisecond

// pollReady polls ports of which one is pending.
func pollReady(t *pv.T) {
	pv.MaskUpcalls()
	p, q := pv.BindIPI(0), pv.BindIPI(0)
	pv.Mask(p)
	pv.Mask(q)
	pv.Need("send", pv.Send(q))
	t.OK("poll", pv.Poll(0, q))
	t.OK("poll of two", pv.Poll(0, p, q))
	t.OK("poll with a timeout", pv.Poll(pv.Now()+1000*pv.Late, p, q))
	t.Check(pv.Pending(q), "poll took the event")
	pv.ClearPending(q)
	pv.Close(p, q)
	unmaskQuietly(p)
	unmaskQuietly(q)
}

func pollTimeout(t *pv.T) {
	pv.MaskUpcalls()
	p, q := pv.BindIPI(0), pv.BindIPI(0)
	t.OK("poll until a time that has passed", pv.Poll(1, p))
	for _, ports := range [...][]hypercall.Port{{}, {p}, {p, q}} {
		until := pv.Now() + wait
		t.OK("poll", pv.Poll(until, ports...))
		t.Since("poll ended", until)
	}
	t.Check(!pv.Pending(p) && !pv.Pending(q), "a timeout made a port pending")
	pv.Close(p, q)
}

// pollEvent waits for a timer's event on a masked port, and on a port that does not come while an upcall does.
func pollEvent(t *pv.T) {
	pv.MaskUpcalls()
	timer, other := pv.BindTimer(), pv.BindIPI(0)
	pv.Mask(timer)
	for _, ports := range [...][]hypercall.Port{{timer}, {other, timer}} {
		at := pv.Now() + wait
		pv.SetTimer(at)
		t.OK("poll", pv.Poll(at+1000*pv.Late, ports...))
		t.Since("poll ended", at)
		t.Check(pv.Pending(timer), "the port polled is not pending")
		pv.ClearPending(timer)
	}

	pv.Unmask(timer)
	listen()
	at := pv.Now() + wait
	pv.SetTimer(at)
	pv.This().Info.EvtchnUpcallMask = 0
	t.OK("poll with an upcall to come", pv.Poll(at+1000*pv.Late, other))
	t.Since("poll ended", at)
	requireUpcalls(t, "upcalls", 1, timer)
	deafen()
	pv.Close(timer, other)
}

func pollErrors(t *pv.T) {
	pv.MaskUpcalls()
	p := pv.BindIPI(0)
	var ports [129]hypercall.Port
	for i := range ports {
		ports[i] = p
	}
	t.OK("128 ports", pv.Poll(1, ports[:128]...))
	t.Errno("129 ports", pv.Poll(1, ports[:]...), hypercall.EINVAL)
	for _, bad := range badPorts[1:] {
		t.Errno("a number that no port has", pv.Poll(1, bad), hypercall.EINVAL)
		t.Errno("a number that no port has, after a port", pv.Poll(1, p, bad), hypercall.EINVAL)
	}
	for _, address := range pv.BadAddresses {
		arg := hypercall.SchedPoll{Ports: hypercall.Handle[hypercall.Port](address), NrPorts: 1, Timeout: 1}
		t.Errno("ports where nothing is", pv.SchedOp(hypercall.SCHEDOP_poll, &arg), hypercall.EFAULT)
		t.Errno("an argument where nothing is", pv.SchedOp(hypercall.SCHEDOP_poll, pv.At[byte](address)), hypercall.EFAULT)
	}
	arg := hypercall.SchedPoll{Ports: hypercall.Handle[hypercall.Port](pv.Address(&ports[0])), NrPorts: 1<<32 - 1, Timeout: 1}
	t.Errno("the most ports that can be asked for", pv.SchedOp(hypercall.SCHEDOP_poll, &arg), hypercall.EINVAL)
	pv.Close(p)
}

// block unmasks upcalls, and waits for one.
func block(t *pv.T) {
	timer := pv.BindTimer()
	info := pv.This().Info
	listen()
	at := pv.Now() + wait
	pv.SetTimer(at)
	t.OK("block", pv.SchedOp[byte](hypercall.SCHEDOP_block, nil))
	t.Since("block ended", at)
	requireUpcalls(t, "upcalls", 1, timer)
	t.Equal("mask after block", uint64(info.EvtchnUpcallMask), 0)

	pv.MaskUpcalls()
	p := pv.BindIPI(0)
	pv.Need("send", pv.Send(p))
	t.OK("block with an upcall pending", pv.SchedOp[byte](hypercall.SCHEDOP_block, nil))
	t.Equal("upcalls", came.upcalls, 2)
	deafen()
	pv.Close(timer, p)
}

func yield(t *pv.T) {
	for range 10 {
		t.OK("yield", pv.SchedOp[byte](hypercall.SCHEDOP_yield, nil))
	}
	for _, cmd := range [...]uint64{8, 100, 1<<31 - 1} {
		t.Errno("unknown command", pv.SchedOp[byte](cmd, nil), hypercall.ENOSYS)
	}
}
