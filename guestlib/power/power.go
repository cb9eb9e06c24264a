// Package power ends the domain, or has it saved, after those who have something to do before have done it.
//
// A program that simply returns from main, or calls os.Exit, ends the domain too; what was registered here is not called then.
package power

import (
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"tuco/guestlib/hyper"
	"tuco/hypercall"
)

// A Reason is why the domain ends.
type Reason uint32

// Reasons: what the toolstack does then is the domain's configuration's affair.
const (
	PowerOff Reason = hypercall.SHUTDOWN_poweroff
	Reboot   Reason = hypercall.SHUTDOWN_reboot
)

// String names a reason.
func (r Reason) String() string {
	switch r {
	case PowerOff:
		return "power off"
	case Reboot:
		return "reboot"
	}
	return fmt.Sprintf("reason %d", uint32(r))
}

// A machine can be ended and saved.
type machine interface {
	end(Reason)
	suspend() (cancelled bool, err error)
}

// A manager keeps who is registered.
type manager struct {
	machine machine
	grace   time.Duration

	lock    sync.Mutex
	atEnd   []func(Reason)
	devices []Device

	suspending sync.Mutex
	ending     sync.Once
}

var domain = manager{machine: guest{}, grace: grace}

// grace is how long the functions that AtEnd has registered may take together.
const grace = 10 * time.Second

// AtEnd registers a function for before the domain ends by End: the one registered last is called first.
func AtEnd(f func(Reason)) { domain.addEnd(f) }

func (m *manager) addEnd(f func(Reason)) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.atEnd = append(m.atEnd, f)
}

// End calls what AtEnd has registered, but waits no longer than ten seconds for it, and ends the domain. It does not return.
func End(r Reason) {
	domain.end(r)
	select {}
}

func (m *manager) end(r Reason) {
	m.ending.Do(func() {
		m.lock.Lock()
		calls := slices.Clone(m.atEnd)
		m.lock.Unlock()
		done := make(chan struct{})
		go func() {
			for _, f := range slices.Backward(calls) {
				f(r)
			}
			close(done)
		}()
		select {
		case <-done:
		case <-time.After(m.grace):
			fmt.Fprintf(os.Stderr, "guest: %v: not all is done, but time is up\n", r)
		}
		m.machine.end(r)
	})
}

// guest is the domain that the program runs in.
type guest struct{}

func (guest) end(r Reason) {
	if r == PowerOff {
		os.Exit(0)
	}
	_, _, err := hyper.Op("shut down", hypercall.HYPERVISOR_sched_op, hypercall.SCHEDOP_shutdown, hypercall.SchedShutdown{Reason: uint32(r)})
	fmt.Fprintln(os.Stderr, "guest:", err) // there is no way back from one that succeeds
	os.Exit(1)
}
