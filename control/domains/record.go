package domains

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tuco/control/config"
)

// document is what the store keeps.
type document struct {
	Version int            `json:"version"`
	Guests  []recordedLife `json:"guests"`
	Reports []Report       `json:"reports,omitempty"`
}

const documentVersion = 1

// memoryGone is said of a guest that had ended, and was kept for a look at its memory.
const memoryGone = "; its memory went with the host's restart"

// recordedLife is a guest of the record.
type recordedLife struct {
	Config   *config.Guest `json:"config"`
	Instance *Instance     `json:"instance,omitempty"` // the domain that it had
	State    State         `json:"state"`
	Why      string        `json:"why,omitempty"`
}

// remember writes the guest to the record.
func (m *Manager) remember(g *guest) error { return m.setRecorded(g, true) }

// forget takes it out.
func (m *Manager) forget(g *guest) error { return m.setRecorded(g, false) }

func (m *Manager) setRecorded(g *guest, to bool) error {
	was := g.recorded
	m.set(func() { g.recorded = to })
	err := m.save()
	if err != nil {
		m.set(func() { g.recorded = was })
	}
	return err
}

// save writes the record, unless the host ends: then it stays as it is.
func (m *Manager) save() error {
	m.saving.Lock()
	defer m.saving.Unlock()
	d := document{Version: documentVersion}
	m.mu.Lock()
	if m.leaving {
		m.mu.Unlock()
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(m.guests)) {
		if g := m.guests[name]; g.recorded {
			d.Guests = append(d.Guests, recordedLife{g.config, g.instance, g.state, g.why})
		}
	}
	d.Reports = slices.Clone(m.reports)
	m.mu.Unlock()
	text, err := json.Marshal(&d)
	if err == nil {
		err = m.Store.Save(text)
	}
	if err != nil {
		return fmt.Errorf("writing the record of guests: %w", err)
	}
	return nil
}

// Restore brings guests of the record back: it adopts those whose domains there are, builds those again that ran when the host ended, and
// takes away domains that are in no record. It is called once, before everything else. With ErrRecord it has done nothing. Another error says which guests could not be
// brought back; they are in the list with the reason, so that the others are not kept waiting for them.
//
// A guest that is described anew is built as that says, whatever the record says of it.
func (m *Manager) Restore(anew ...*config.Guest) error {
	text, err := m.Store.Load()
	if err != nil {
		return refuse(ErrRecord, "reading the record of guests: %v", err)
	}
	var d document
	if text != nil {
		if err := json.Unmarshal(text, &d); err != nil {
			return refuse(ErrRecord, "the record of guests is damaged (%v); start the host once with the word forget, and create the guests again", err)
		}
		if d.Version != documentVersion {
			return refuse(ErrRecord, "the record of guests has version %d, and this control domain knows version %d; use the one that wrote it", d.Version, documentVersion)
		}
	}
	there, err := m.Hypervisor.List()
	if err != nil {
		return refuse(ErrRecord, "asking which domains there are: %v", err)
	}
	byHandle := map[Handle]Status{}
	for _, s := range there {
		byHandle[s.Handle] = s
	}
	m.reports = d.Reports
	var again []*guest
	for _, r := range d.Guests {
		g := &guest{config: r.Config, state: r.State, why: r.Why, recorded: true, started: m.Now()}
		m.set(func() { m.guests[r.Config.Name] = g })
		s, ok := Status{}, false
		if r.Instance != nil {
			s, ok = byHandle[r.Instance.Handle]
		}
		k := slices.IndexFunc(anew, func(c *config.Guest) bool { return c.Name == r.Config.Name })
		switch {
		case k >= 0: // a domain of it goes with those of no record
			m.Log.Info("guest is on record, and described anew: the record's description goes", "guest", r.Config.Name)
			m.set(func() { g.config = anew[k] })
			again = append(again, g)
		case ok:
			delete(byHandle, s.Handle)
			m.adopt(g, r.Instance, s)
		case r.State == Ended:
			m.set(func() { g.why = strings.TrimSuffix(g.why, memoryGone) + memoryGone })
		default:
			again = append(again, g)
		}
	}
	errs := m.sweep(byHandle)
	for _, g := range again {
		errs = append(errs, m.again(g))
	}
	return errors.Join(errs...)
}

// adopt takes a guest with its domain. The hypervisor knows best whether it runs; that it has ended Poll will see.
func (m *Manager) adopt(g *guest, i *Instance, s Status) {
	i.Config, i.ID = g.config, s.ID
	g.undo = m.undoOf(i)
	m.set(func() {
		g.instance = i
		switch {
		case g.state == Ended:
		case s.Paused:
			g.state = Paused
		default:
			g.state = Running
		}
	})
	m.Log.Info("guest adopted", "guest", g.config.Name, "domain", i.ID.Dom, "state", g.state)
}

// undoOf is the stack of a guest that has everything.
func (m *Manager) undoOf(i *Instance) (u undo) {
	u.push("destroying its domain", func() error { return m.Hypervisor.Destroy(i.ID) })
	for _, s := range m.Services {
		u.push("detaching it from the "+s.Name(), func() error { return s.Detach(i) })
	}
	return u
}

// sweep takes away domains that are in no record.
func (m *Manager) sweep(there map[Handle]Status) (errs []error) {
	for _, s := range there {
		u := m.undoOf(&Instance{Config: &config.Guest{}, ID: s.ID, Handle: s.Handle})
		if err := u.run(); err != nil {
			errs = append(errs, fmt.Errorf("domain %d, which is in no record: %w", s.Dom, err))
			m.set(func() { m.orphans = append(m.orphans, &u) })
		}
		m.Log.Warn("took away a domain that is in no record", "domain", s.Dom)
	}
	return errs
}

// again builds a guest once more, and says in the list why if it can't be built.
func (m *Manager) again(g *guest) error {
	g.op.Lock()
	defer g.op.Unlock()
	return m.restart(g)
}

// restart is again with the guest's lock held.
func (m *Manager) restart(g *guest) error {
	err := m.start(g)
	if err != nil {
		err = fmt.Errorf("guest %q can't be started again: %w", g.config.Name, err)
		m.fail(g, err.Error())
	}
	return err
}

// fail leaves a guest without a domain.
func (m *Manager) fail(g *guest, why string) {
	m.Log.Error("guest failed", "guest", g.config.Name, "why", why)
	m.set(func() {
		g.state, g.why = Failed, why
		if len(g.undo.steps) > 0 {
			m.orphans = append(m.orphans, &undo{g.undo.steps})
			g.undo.steps = nil
		}
	})
	if err := m.save(); err != nil {
		m.Log.Error("the record is behind", "error", err)
	}
}
