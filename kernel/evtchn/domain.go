package evtchn

import (
	"math/bits"
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/lock"
	"tuco/kernel/sharedinfo"
)

// MaxPorts is how many ports a domain can have; the first of them, 0, is never
// used.
const MaxPorts = hypercall.EVTCHN_2L_NR_CHANNELS

// MaxPIRQs is how many physical interrupts a domain can have.
const MaxPIRQs = 256

// System is what all domains have in common. It is used in place, after Init.
type System struct {
	// links is held by whoever makes or cuts a connection of two ports.
	links lock.Spin
}

// Init makes the system usable.
func (s *System) Init() { s.links.Init(lock.Links) }

// Memory is where buckets come from. Its functions are called with no lock held.
type Memory struct {
	New  func(h *lock.Holder) *Bucket // zeroed; nil if there is no memory
	Free func(h *lock.Holder, b *Bucket)
}

// Config is what a domain is made of.
type Config struct {
	System *System
	Memory *Memory
	Page   *sharedinfo.Page // the domain's shared_info
	ID     hypercall.DomID

	// Privileged domains may act on others: allocate ports in them, read the
	// state of their ports, reset them.
	Privileged bool

	// MaxPort is the highest port that the domain may have, 1 to MaxPorts-1.
	MaxPort uint32

	// PIRQs is how many physical interrupts it has slots for, up to MaxPIRQs.
	PIRQs uint32
}

// Domain is a domain's event channels. It is used in place, after Init, and its
// Config is constant.
type Domain struct {
	Config

	lock lock.Spin // [lock] below: what it guards

	buckets [MaxPorts / perBucket]*Bucket
	valid   atomic.Uint32 // ports below this number exist; [lock] to write

	used  [MaxPorts / perBucket]uint64 // [lock] a bit for each port that is not closed
	full  uint64                       // [lock] a bit for each word of used that is all ones
	open  uint32                       // [lock] how many ports are not closed
	dying bool                         // [lock] no port is given out any more

	next uint32 // [lock] where Reset or Destroy goes on

	vcpus     [MaxVCPUs]*VCPU
	vcpuCount atomic.Uint32 // publishes vcpus; [lock] to write

	polling atomic.Uint64 // a bit for each vCPU that waits in a poll

	pirqs [MaxPIRQs]pirq
}

// Init makes a domain, whose memory is all zero, with no vCPUs and no ports.
//
// EINVAL: the configuration is out of bounds. ENOMEM.
func (d *Domain) Init(h *lock.Holder, c Config) hypercall.Errno {
	if c.MaxPort == 0 || c.MaxPort >= MaxPorts || c.PIRQs > MaxPIRQs {
		return hypercall.EINVAL
	}
	d.Config = c
	d.lock.Init(lock.Events)
	d.used[0] = 1 // port 0
	return d.grow(h, 0)
}

// find returns the port of this number; nil if it is beyond those that exist.
// Every number that a guest passes comes through here.
func (d *Domain) find(n hypercall.Port) *port {
	if uint32(n) >= d.valid.Load() { // acquire: pairs with the store in grow
		return nil
	}
	return &d.buckets[n/perBucket].ports[n%perBucket]
}

// grow adds a bucket if there are still as many valid ports as the caller saw.
// No lock is held.
func (d *Domain) grow(h *lock.Holder, seen uint32) hypercall.Errno {
	b := d.Memory.New(h)
	if b == nil {
		return hypercall.ENOMEM
	}
	d.lock.Lock(h)
	if d.valid.Load() != seen || d.dying {
		d.lock.Unlock(h)
		d.Memory.Free(h, b)
		return 0
	}
	d.buckets[seen/perBucket] = b
	// A domain whose limit lies within the bucket never sees the rest of it.
	d.valid.Store(min(seen+perBucket, d.MaxPort+1)) // release: publishes the bucket
	d.lock.Unlock(h)
	return 0
}

// mustGrow is not an errno: there is no free port, but there may be another
// bucket. The caller lets go of its locks, calls grow, and starts again.
const mustGrow hypercall.Errno = -1

// lowest finds the lowest free port, without taking it. The lock is held.
func (d *Domain) lowest() (hypercall.Port, *port, hypercall.Errno) {
	if d.dying {
		return 0, nil, hypercall.EINVAL
	}
	w := bits.TrailingZeros64(^d.full)
	if w == len(d.used) {
		return 0, nil, hypercall.ENOSPC
	}
	n := uint32(w*64 + bits.TrailingZeros64(^d.used[w]))
	if n > d.MaxPort {
		return 0, nil, hypercall.ENOSPC
	}
	p := d.find(hypercall.Port(n))
	if p == nil {
		return 0, nil, mustGrow
	}
	return hypercall.Port(n), p, 0
}

// take marks a port that lowest has found as used. The lock is held; the
// port's word is stored by the caller, when everything else is in place.
func (d *Domain) take(n hypercall.Port) {
	w := n / 64
	d.used[w] |= 1 << (n % 64)
	if d.used[w] == ^uint64(0) {
		d.full |= 1 << w
	}
	d.open++
}

// release closes a port that nothing refers to any more. The lock is held.
func (d *Domain) release(n hypercall.Port, p *port) {
	p.store(closed, 0)
	p.number, p.peer, p.peerID = 0, nil, 0
	// Whoever gets the port next must not find an event of its last life.
	sharedinfo.TestAndClear(&d.Page.Pending[n/64], uint(n%64))
	w := n / 64
	d.used[w] &^= 1 << (n % 64)
	d.full &^= 1 << w
	d.open--
}

// OpenPorts is how many ports are in use, for lists and tests.
func (d *Domain) OpenPorts(h *lock.Holder) uint32 {
	d.lock.Lock(h)
	n := d.open
	d.lock.Unlock(h)
	return n
}
