// Package backend is what the back ends of devices have in common: how they meet a front end, part from it, and go on after their
// daemon was restarted. It is the other half of guestlib's package frontend, whose theory it shares.
//
// # A device's life
//
// The toolstack makes two directories in the store, one for each end. A [Device] is served by [Serve]: it says what it can
// ([Driver.Offer], state InitWait), waits until the front end has said where its rings are, connects to them
// ([Driver.Connect], state Connected), and gives everything back when the front end closes, dies, or does what it must not:
//
//	front end                     back end
//	Initialising                  InitWait     features are there
//	Initialised (vbd)
//	or Connected (vif)            Connected    the rings are mapped; properties are there
//	Closing                       Closing
//	Closed                        Closed       nothing is mapped
//	Initialising again            InitWait     it may come again: another driver, or another kernel, of the same domain
//	(its directory is gone)       Closed       the domain is dead
//
// A front end may come back as often as it likes, but only so often per second: each time costs the back end work.
//
// # Restarts
//
// A daemon that is restarted does not say so: it drains. It takes no more requests, waits until all that it has taken are done and
// answered, unmaps everything and leaves both states at Connected. The next daemon finds the states so, maps the same rings,
// and goes on at the first request that is unanswered. The front end sees nothing but a pause. This is only right because of the
// draining: responses lie in the slots of requests, in whatever order those were done, so a request that was taken and not
// answered may be nowhere in the ring any more.
//
// Draining is also what has to come before any unmapping: a page that a device still writes to may be the guest's again, or
// another's, a moment after it was unmapped. So [Session.Close] returns only when nothing is under way.
//
// # The front end is not trusted
//
// Its directory is text of its choice: numbers are parsed with a limit, and paths are made of numbers only. Its rings are package
// ring's business. A session that finds the front end at fault ends with the reason; the reason is logged and written to the
// node "error" of the back end's directory, the device is closed, and all others go on.
package backend
