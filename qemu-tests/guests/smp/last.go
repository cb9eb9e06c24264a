package smp

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// LastGroup is the ways in which a domain ends since its last vCPU goes down: as if it had asked to be powered off. They run
// one by one.
var LastGroup = pv.Group{Name: "last", Alone: true, Tests: []pv.Test{
	{Name: "first-vcpu", Run: firstIsLast},
	{Name: "other-vcpu", Run: otherIsLast},
	{Name: "all", Run: allAtOnce},
}}

// down takes this vCPU down. It comes back only if the vCPU is taken up again.
func down() {
	vcpuOp(hypercall.VCPUOP_down, pv.This().ID)
	pv.Print("last: a vCPU that went down lives on")
}

func firstIsLast(*pv.T) {
	pv.StartCPUs(pv.CPUs())
	for id := uint32(1); id < pv.CPUs(); id++ {
		pv.Need("down", vcpuOp(hypercall.VCPUOP_down, id))
	}
	pv.Print("last: begins")
	down()
}

// lastDown waits until all others are down, and follows.
func lastDown() {
	for id := range pv.CPUs() {
		for id != pv.This().ID && isUp(id) != 0 {
			pv.SchedOp[byte](hypercall.SCHEDOP_yield, nil)
		}
	}
	pv.Print("last: begins")
	down()
}

func otherIsLast(*pv.T) {
	pv.StartCPUs(pv.CPUs())
	for id := uint32(2); id < pv.CPUs(); id++ {
		pv.Need("down", vcpuOp(hypercall.VCPUOP_down, id))
	}
	pv.Go(1, lastDown)
	down()
}

// allAtOnce lets nobody know who is the last.
func allAtOnce(*pv.T) {
	pv.StartCPUs(pv.CPUs())
	pv.Print("last: begins")
	for id := uint32(1); id < pv.CPUs(); id++ {
		pv.Go(id, down)
	}
	pv.Sleep(pv.Now() + pv.Millisecond/5)
	down()
}
