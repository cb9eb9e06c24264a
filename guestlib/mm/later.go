package mm

import (
	"tuco/guestlib/paging"
	"tuco/hypercall"
)

// asked is the last ticket that the program was given. A refusal of such an update is the program's to learn of.
var asked paging.Ticket

// MapLater queues the mapping of a machine frame in an area without access. Before the ticket is done nothing may be expected
// there. The errors are Prepare's; what the hypervisor has to say goes with the ticket.
func MapLater(va, mfn uint64) (t paging.Ticket, err hypercall.Errno) {
	lock.Lock()
	if err = prepare(va); err == 0 {
		l1, _ := table(va, 1)
		t = queue.Add(Machine(l1+8*index(va, 1)), mfn*PageSize&frameMask|readWrite|noExec)
		asked = t
		queue.Send()
	}
	lock.Unlock()
	return t, err
}

// Done tells whether the hypervisor has answered for a ticket.
func Done(t paging.Ticket) bool {
	lock.Lock()
	done := queue.Done(t)
	lock.Unlock()
	return done
}

// Wait returns when the hypervisor has answered for a ticket: 0, or why it refused.
func Wait(t paging.Ticket) hypercall.Errno {
	lock.Lock()
	err := queue.Wait(t)
	lock.Unlock()
	return err
}
