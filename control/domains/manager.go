package domains

import (
	"crypto/rand"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"tuco/control/config"
)

// Options is whom a Manager works with.
type Options struct {
	Hypervisor Hypervisor
	Services   []Service // attached in this order, detached in the other
	Signals    Signals
	Images     Images
	Room       func() int64 // how much memory there is to read a kernel that has to be read as a whole; nil: enough
	Store      Store
	Quota      Quota
	Own        *config.Guest // what of the machine the control domain uses itself, as if it were a guest; nil: nothing
	Evidence   []Evidence
	Gone       func(name string) // told of guests that are no more; nil: nobody is
	Log        *slog.Logger
	Now        func() time.Time
	Spent      func() time.Duration // the CPU time that this program has had; nil: nobody knows
}

// Manager has all guests.
type Manager struct {
	Options

	saving sync.Mutex
	mu     sync.Mutex
	guests map[string]*guest
	// orphans are what is left of guests that no longer are.
	orphans []*undo
	reports []Report
	leaving bool            // the host ends
	left    []*config.Guest // those that are on record for its next start
}

// New makes a manager without guests; Restore brings back those of the record.
func New(o Options) *Manager {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Spent == nil {
		o.Spent = func() time.Duration { return 0 }
	}
	return &Manager{Options: o, guests: map[string]*guest{}}
}

// State is where in its life a guest is.
type State string

// The states of the package's picture.
const (
	Building State = "building"
	Running  State = "running"
	Paused   State = "paused"
	Ended    State = "ended"
	Failed   State = "failed"
)

// guest is a guest. What is below op is guarded by mu as well for those who only read.
type guest struct {
	config *config.Guest

	op       sync.Mutex // held during an operation
	undo     undo
	started  time.Time
	restarts int // in a row, each after less than shortLife

	state    State
	instance *Instance // nil: it has no domain
	building ID        // the domain that start fills
	unwanted bool      // somebody destroys it while it is built
	why      string    // of Ended and Failed
	recorded bool
	gone     bool // it is not in the table any more
}

// set changes what mu guards.
func (m *Manager) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

// take finds a guest and holds its lock; the caller unlocks op.
func (m *Manager) take(name string) (*guest, error) {
	m.mu.Lock()
	g := m.guests[name]
	names := slices.Sorted(maps.Keys(m.guests))
	m.mu.Unlock()
	if g != nil {
		g.op.Lock()
		if !g.gone {
			return g, nil
		}
		g.op.Unlock()
	}
	return nil, notFound(name, names)
}

func notFound(name string, names []string) error {
	if len(names) == 0 {
		return refuse(ErrNotFound, "there is no guest %q, nor any other; create makes one of a guest.cfg", name)
	}
	return refuse(ErrNotFound, "there is no guest %q; there are %s", name, strings.Join(names, ", "))
}

// remove takes a guest out of the table. Its lock is held.
func (m *Manager) remove(g *guest) {
	m.set(func() {
		g.gone = true
		if m.guests[g.config.Name] == g {
			delete(m.guests, g.config.Name)
		}
		if len(g.undo.steps) > 0 {
			m.orphans = append(m.orphans, &undo{g.undo.steps})
		}
	})
	if m.Gone != nil {
		m.Gone(g.config.Name)
	}
}

func newHandle() (h Handle) {
	rand.Read(h[:]) // it never fails
	return h
}
