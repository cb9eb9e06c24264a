package mm

import (
	"tuco/kernel/lock"
	"tuco/kernel/pagetype"
)

// Call is one hypercall's, or one emulated instruction's, account. Its maker
// does, in this order, what it says after each operation, with no lock held:
//
//  1. gives back the frames that NextFreed names;
//  2. if the result was FlushFirst, does what Need says and waits for its
//     end, and makes the operation again;
//  3. if the result was Again, makes it again: at once, or when the guest
//     executes the hypercall anew.
type Call struct {
	pagetype.Work
	Holder *lock.Holder
}

// Begin starts an account of operations on the domain. New entries may map
// frames of the domain from: the domain itself, but for a privileged caller that
// names another.
func (c *Call) Begin(h *lock.Holder, d *Domain, from pagetype.Owner, budget int) {
	c.Work.Init(d.frames, &d.space, from, budget)
	c.Holder = h
}

// enter is open for an operation that a guest asks for: NoFrame if the domain is
// being taken apart, where others might still try to act on it.
func (d *Domain) enter(c *Call) pagetype.Result {
	d.lock.Lock(c.Holder)
	if d.dying || c.Doomed() {
		return d.late(c)
	}
	return pagetype.OK
}

// late is the rest of enter where something keeps the operation from beginning at once.
//
//go:noinline
func (d *Domain) late(c *Call) pagetype.Result {
	r := c.Drain()
	if r == pagetype.OK && d.dying {
		r = pagetype.NoFrame
	}
	if r != pagetype.OK {
		d.lock.Unlock(c.Holder)
	}
	return r
}

// open takes the domain's lock, and first of all finishes what earlier calls left
// to be torn down, since till then types are not what the guest has a right to
// expect. If the result is not OK the lock is not held.
func (d *Domain) open(c *Call) pagetype.Result {
	d.lock.Lock(c.Holder)
	r := c.Drain()
	if r != pagetype.OK {
		d.lock.Unlock(c.Holder)
	}
	return r
}

// leave tears down what the call has dropped, as far as its budget goes; what
// is left is the next call's. Then it releases the lock.
func (d *Domain) leave(c *Call) {
	if c.Doomed() {
		c.Drain()
	}
	d.lock.Unlock(c.Holder)
}
