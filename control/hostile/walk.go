package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"tuco/control/backend"
	"tuco/guestlib/xenbus"
)

// walker is a back end's directory without a back end that keeps to the states.
type walker struct {
	backend.Device
	store *xenbus.Store
}

// say writes the back end's state. That the directory is gone meanwhile is no matter here.
func (w *walker) say(state string) { _ = w.store.Write(w.Back(self)+"/state", state) }

// propose waits for the front end to propose, and tells whether it did before it went.
func (w *walker) propose() bool {
	const pause = 10 * time.Millisecond
	for {
		switch state, err := w.store.Read(w.Front() + "/state"); {
		case err != nil:
			return false
		case state == "3" || state == "4":
			return true
		}
		time.Sleep(pause)
	}
}

// walkers are devices whose back end walks as it likes.
func walkers() (all []device) {
	for _, state := range []string{"9", "-1", "banana", "4294967300", "18446744073709551617", ""} {
		all = append(all, device{what: fmt.Sprintf("is in state %q", state), want: `which is no number up to 8`, walk: func(w *walker) { w.say(state) }})
	}
	for _, c := range []struct {
		what   string
		states []string // before the front end proposes, and then
		giveUp bool
		want   string
	}{
		{"is connected before it was asked", []string{"4"}, true, `the back end is still Connected`},
		{"never offers anything", []string{"1"}, true, `the back end is still Initialising`},
		{"never connects", []string{"2"}, true, `the back end is still InitWait`},
		{"closes instead of connecting", []string{"2", "5"}, false, `went to Closing instead of Connected`},
		{"is nowhere instead of connecting", []string{"2", "0"}, false, `went to nowhere instead of Connected`},
		{"is in no state instead of connecting", []string{"2", "x"}, false, `which is no number up to 8`},
		{"reconfigures instead of connecting", []string{"2", "7"}, true, `the back end is still (Reconfiguring|InitWait)`},
	} {
		all = append(all, device{what: c.what, giveUp: c.giveUp, want: c.want, walk: func(w *walker) {
			for i, state := range c.states {
				if i > 0 && !w.propose() {
					return
				}
				w.say(state)
			}
		}})
	}
	all = append(all, device{what: "is in all states at once, and then gone", giveUp: true, want: `.`, walk: func(w *walker) {
		for range 300 {
			w.say(strconv.Itoa(rand.IntN(10)))
		}
		_ = w.store.Remove(w.Back(self))
	}}, device{what: "is gone", giveUp: true, want: `permission denied`, walk: func(w *walker) { _ = w.store.Remove(w.Back(self)) }})
	for i := range all {
		all[i].class = [...]string{"vbd", "vif"}[i%2]
		if all[i].class == "vif" && all[i].walk != nil {
			walk := all[i].walk
			all[i].walk = func(w *walker) { _ = w.store.Write(w.Back(self)+"/feature-rx-copy", "1"); walk(w) }
		}
	}
	return all
}
