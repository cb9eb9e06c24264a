package vtime

import "tuco/hypercall"

// State is what a vCPU does: RUNSTATE_*.
type State uint8

// The states.
const (
	Running  State = hypercall.RUNSTATE_running
	Runnable State = hypercall.RUNSTATE_runnable
	Blocked  State = hypercall.RUNSTATE_blocked
	Offline  State = hypercall.RUNSTATE_offline
)

// Runstate is an account of a vCPU's time. Times are in nanoseconds.
type Runstate struct {
	State State
	Since uint64    // when it entered the state
	Time  [4]uint64 // spent in each state, up to Since
}

// Start begins the account.
func (r *Runstate) Start(s State, now uint64) { *r = Runstate{State: s, Since: now} }

// Change enters a state. A clock that lies behind the one that was read at the
// last change counts as standing still, so that the sum of the times is always
// Since less the start. Entering the state that it is in changes nothing.
func (r *Runstate) Change(s State, now uint64) {
	if s == r.State {
		return
	}
	now = max(now, r.Since)
	r.Time[r.State] += now - r.Since
	r.State, r.Since = s, now
}

// At is the account with the time in the present state counted up to now.
func (r *Runstate) At(now uint64) Runstate {
	a := *r
	a.Time[a.State] += max(now, r.Since) - r.Since
	return a
}

// Steal is the time during which the vCPU wanted to run and did not, or was not
// allowed to.
func (r *Runstate) Steal() uint64 { return r.Time[Runnable] + r.Time[Offline] }

// Offsets in struct vcpu_runstate_info.
const (
	runstateState = 0
	runstateSince = 8
	runstateTime  = 16
)

// WriteTo writes the account to where the guest has registered it. flagged says
// that the guest asked, by VMASST_TYPE_runstate_update_flag, to be told of an
// update under way. False if the place can't be written.
func (r *Runstate) WriteTo(to Area, flagged bool) bool {
	if flagged && !to.Put64(runstateSince, r.Since|hypercall.XEN_RUNSTATE_UPDATE) {
		return false
	}
	if !to.Put32(runstateState, uint32(r.State)) {
		return false
	}
	for i, t := range &r.Time {
		if !to.Put64(runstateTime+8*uint32(i), t) {
			return false
		}
	}
	// Last in either case: it clears the flag after all else is written.
	return to.Put64(runstateSince, r.Since)
}
