package evtchn

// Effect is what an operation asks its caller to do, after all locks are
// released. The zero value is nothing.
//
// The caller keeps the Domain in existence until it is done with the effect.
type Effect struct {
	Domain *Domain // whose vCPUs the masks are about

	// Upcall has a bit for each vCPU that has an upcall to come since now: one that
	// blocks is to be woken, one that runs elsewhere has to leave the guest
	// once, so that it takes the upcall.
	Upcall uint64

	// Polled has a bit for each vCPU whose poll is over: it is to be woken.
	Polled uint64
}

// None tells whether there is nothing to do.
func (e Effect) None() bool { return e.Upcall|e.Polled == 0 }
