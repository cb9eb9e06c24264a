package sched

import (
	"sync/atomic"

	"tuco/kernel/vtime"
)

// place is where an entity is kept.
type place uint8

const (
	nowhere place = iota // it is blocked or paused
	queued               // in a run heap of its home
	parked               // in the parked heap of its home
	current              // its home's current
	limbo                // runnable, and in the hands of a CPU that is about to place it
)

// Entity is a vCPU as the scheduler sees it. It is part of its vCPU and must not
// move. Everything but the atomics is guarded by the lock of its home's queue.
type Entity struct {
	// Arg is the owner's: it leads from the entity to the vCPU.
	Arg uint64

	group    *Group
	affinity uint64        // CPUs that it may run on
	home     atomic.Uint32 // written under the locks of both homes

	vtime  uint64
	weight uint32 // as counted in the home's load
	place  place
	key    uint64 // order in the heap that it is in
	pinned bool   // which of the two run heaps it is in
	links

	blocked bool
	holds   int32       // how many times it is paused
	yielded bool        // gives way at the next Pick
	boosted bool        // has just woken
	woken   atomic.Bool // a Wake has come since Prepare

	part    int64  // of the group's budget, if it is capped: what it has
	partEnd uint64 // and the period that it comes from

	// onCPU says that its registers are in a CPU, or may be.
	onCPU atomic.Bool

	runstate vtime.Runstate
}

func (e *Entity) mayRunOn(cpu uint32) bool { return e.affinity>>(cpu&63)&1 != 0 }

// runnable tells whether the entity wants to run and may.
func (e *Entity) runnable() bool { return !e.blocked && e.holds == 0 }

// idleState is the state of an entity that is not runnable: blocked comes first.
func (e *Entity) idleState() vtime.State {
	if e.blocked {
		return vtime.Blocked
	}
	return vtime.Offline
}

// OnCPU tells whether the entity is on a CPU, or is just leaving one. After
// Pause, and once the CPUs that it returned have called Pick, it becomes false
// and stays so until Unpause.
func (e *Entity) OnCPU() bool { return e.onCPU.Load() }

// Home is the CPU that the entity is on, or was last.
func (e *Entity) Home() int { return int(e.home.Load()) }
