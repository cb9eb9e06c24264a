package main

import (
	"tuco/guestlib/clock"
	"tuco/guestlib/probe"
	"tuco/guestlib/sched"
	"tuco/hypercall"
)

// idle is a vCPU that waits.
func idle() ([]row, error) {
	const millisecond = 1_000_000
	timer := newCall(hypercall.HYPERVISOR_set_timer_op)
	wait := newCall(hypercall.HYPERVISOR_sched_op, hypercall.SCHEDOP_block)
	r := probed("set_timer(+1ms)+block -> upcall (includes 1ms)", 1, nil, func() probe.Reading {
		timer.Args[0] = clock.Now() + millisecond
		return probe.Block(timer, wait)
	})
	r.after = sched.Rearm // the library's timer
	return []row{r}, nil
}
