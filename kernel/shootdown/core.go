package shootdown

import (
	"math/bits"

	"tuco/kernel/layout"
)

// word is an atomic word, sequentially consistent. The kernel's is
// atomic.Uint64; the tests have one that stops at each access.
type word[W any] interface {
	*W
	Load() uint64
	Store(uint64)
	Swap(uint64) uint64
	Or(uint64) uint64 // returns the value from before
}

// States of a CPU.
const (
	offline uint64 = iota // the zero value: not started
	idle
	running
)

// slot is one CPU's words.
type slot[W any] struct {
	pending W // senders that wait for this CPU, a bit each; written by all
	state   W // written by this CPU only, and so are the others

	// As a sender:
	request W // what its targets flush
	stamp   W // generation of the request

	// As a target:
	ack [layout.MaxCPUs]W // the latest stamp of each sender that was served

	// The sender's own notes, which nobody else reads: the CPUs that were asked
	// and had not answered when last looked at, and for which stamp.
	asked   uint64
	askedAt [layout.MaxCPUs]uint64
}

// core is the protocol without the hardware.
type core[W any, P word[W]] struct {
	cpus  [layout.MaxCPUs]slot[W]
	known W                        // CPUs that have ever been in a state, a bit each
	flush func(cpu int, r Request) // drops translations of this CPU
	kick  func(cpu int)            // interrupts a CPU; its handler calls serve
}

// Ticket stands for a request that was made and may not be answered yet.
type Ticket struct {
	cpus  uint64 // who has to answer
	stamp uint64
}

// serve does what other CPUs ask of this one. A CPU that was not running may
// have missed requests that later ones replaced, and flushes everything.
func (c *core[W, P]) serve(cpu int) (who uint64) {
	return c.serveAs(cpu, P(&c.cpus[cpu].state).Load() != running)
}

func (c *core[W, P]) serveAs(cpu int, everything bool) (who uint64) {
	self := &c.cpus[cpu]
	who = P(&self.pending).Swap(0)
	for left := who; left != 0; left &= left - 1 {
		sender := bits.TrailingZeros64(left)
		// In this order: the request is at least as new as the stamp.
		stamp := P(&c.cpus[sender].stamp).Load()
		r := Request(P(&c.cpus[sender].request).Load())
		if everything {
			r = All
		}
		c.flush(cpu, r)
		P(&self.ack[sender]).Store(stamp)
	}
	return who
}

// ask makes a request of the CPUs in the mask, of which this CPU is none, and
// interrupts those that are running.
func (c *core[W, P]) ask(cpu int, mask uint64, r Request) Ticket {
	self := &c.cpus[cpu]
	for left := self.asked; left != 0; left &= left - 1 {
		target := bits.TrailingZeros64(left)
		if P(&c.cpus[target].ack[cpu]).Load() >= self.askedAt[target] {
			self.asked &^= 1 << target
		}
	}
	if self.asked != 0 {
		r = All // a target may still be about to read the earlier request
	}
	t := Ticket{stamp: P(&self.stamp).Load() + 1}
	P(&self.request).Store(uint64(r))
	P(&self.stamp).Store(t.stamp)
	mask &= P(&c.known).Load() // who is to come flushes everything after we have looked: see enter
	for left := mask; left != 0; left &= left - 1 {
		target := bits.TrailingZeros64(left)
		to := &c.cpus[target]
		old := P(&to.pending).Or(1 << cpu)
		if P(&to.state).Load() != running {
			continue // it serves, everything, before it runs again
		}
		t.cpus |= 1 << target
		self.askedAt[target] = t.stamp
		if old == 0 {
			c.kick(target)
		}
	}
	self.asked |= t.cpus
	return t
}

// missing is the set of CPUs that have not answered yet.
func (c *core[W, P]) missing(cpu int, t Ticket) uint64 {
	set := uint64(0)
	for left := t.cpus; left != 0; left &= left - 1 {
		target := bits.TrailingZeros64(left)
		if P(&c.cpus[target].ack[cpu]).Load() < t.stamp {
			set |= 1 << target
		}
	}
	return set
}

// enter changes this CPU's state. What was asked of it before is served when
// enter returns. At the first time nobody has asked it for anything, and it flushes
// whatever it may have found before.
func (c *core[W, P]) enter(cpu int, state uint64) {
	if P(&c.known).Or(1<<cpu)>>cpu&1 == 0 {
		c.flush(cpu, All)
	}
	P(&c.cpus[cpu].state).Store(state) // visible before the pending word is taken
	c.serveAs(cpu, true)
}
