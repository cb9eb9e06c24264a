package sched

import (
	"math/bits"
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/layout"
	"tuco/kernel/lock"
)

const (
	// DefaultWeight is the weight of a domain that was given none. Virtual time
	// runs like real time at this weight.
	DefaultWeight = 256
	// MaxWeight is the highest weight; the lowest is 1.
	MaxWeight = 65535

	// Period is how often a capped domain's budget is refilled, in nanoseconds.
	Period = 10_000_000
)

// Group is what the vCPUs of a domain have in common. It is used in place, after
// Init.
type Group struct {
	weight atomic.Uint32
	pace   atomic.Uint64 // virtual time per nanosecond, in 1/2^32
	refill atomic.Int64  // nanoseconds of budget in a period; 0: there is no cap

	lock    lock.Spin
	members int64  // [lock]
	budget  int64  // [lock] what is left; below 0 after an overrun
	end     uint64 // [lock] of the period, a multiple of Period
}

// Init makes a group of default weight and without a cap.
func (g *Group) Init() {
	g.lock.Init(lock.Share)
	g.SetWeight(DefaultWeight)
}

// SetWeight sets the weight of each of the vCPUs. It counts from their next
// slice on. EINVAL: not 1 to MaxWeight.
func (g *Group) SetWeight(weight uint32) hypercall.Errno {
	if weight == 0 || weight > MaxWeight {
		return hypercall.EINVAL
	}
	g.weight.Store(weight)
	g.pace.Store(DefaultWeight << 32 / uint64(weight))
	return 0
}

// SetCap bounds the time of all the group's vCPUs together, in percent of one
// CPU; 0 takes the bound away.
func (g *Group) SetCap(h *lock.Holder, percent uint32) {
	g.lock.Lock(h)
	percent = min(percent, 100*layout.MaxCPUs) // so that no sum overflows
	g.refill.Store(int64(percent) * (Period / 100))
	g.budget = min(g.budget, g.refill.Load())
	g.lock.Unlock(h)
}

// Weight is the weight.
func (g *Group) Weight() uint32 { return g.weight.Load() }

// Cap is the cap in percent of one CPU; 0 if there is none.
func (g *Group) Cap() uint32 { return uint32(g.refill.Load() / (Period / 100)) }

// take gets a part of the budget: what is left, but no more than lets all members
// have some. If there is nothing it tells when there will be.
func (g *Group) take(h *lock.Holder, now uint64) (part int64, end uint64) {
	g.lock.Lock(h)
	refill := g.refill.Load()
	g.renew(now, refill)
	part = max(min(g.budget, refill/max(g.members, 1)), 0)
	g.budget -= part
	end = g.end
	g.lock.Unlock(h)
	return part, end
}

// give returns what is left of a part taken in the period that ends at end, or,
// below 0, books what was used beyond it.
func (g *Group) give(h *lock.Holder, now uint64, part int64, end uint64) {
	g.lock.Lock(h)
	refill := g.refill.Load()
	g.renew(now, refill)
	if part < 0 || end == g.end {
		g.budget = min(g.budget+part, refill)
	}
	g.lock.Unlock(h)
}

// renew refills the budget for each period that has ended. Nothing is saved up, but
// debts are paid. The lock is held.
func (g *Group) renew(now uint64, refill int64) {
	if now < g.end {
		return
	}
	ended := (now-g.end)/Period + 1
	g.end += ended * Period
	if ended > 1<<20 { // days: no debt is as old
		g.budget = refill
		return
	}
	g.budget = min(g.budget+int64(ended)*refill, refill)
}

// virtual is the virtual time of running for ns.
func virtual(ns, pace uint64) uint64 {
	hi, lo := bits.Mul64(ns, pace)
	return hi<<32 | lo>>32
}
