package domains

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"tuco/control/config"
)

// Info is a guest as a list shows it.
type Info struct {
	Config *config.Guest
	State  State
	Why    string // of Ended and Failed
	ID     ID     // its domain; zero if it has none
}

// List is all guests, by name.
func (m *Manager) List() (list []Info) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(m.guests)) {
		g := m.guests[name]
		i := Info{Config: g.config, State: g.state, Why: g.why}
		if g.instance != nil {
			i.ID = g.instance.ID
		}
		list = append(list, i)
	}
	return list
}

// Pause stops a guest's vCPUs where they are.
func (m *Manager) Pause(name string) error {
	return m.turn(name, Running, Paused, m.Hypervisor.Pause)
}

// Unpause lets them go on.
func (m *Manager) Unpause(name string) error {
	return m.turn(name, Paused, Running, m.Hypervisor.Unpause)
}

func (m *Manager) turn(name string, from, to State, do func(ID) error) error {
	g, err := m.take(name)
	if err != nil {
		return err
	}
	defer g.op.Unlock()
	if g.state != from {
		return refuse(ErrState, "guest %q is %s, not %s", name, g.state, from)
	}
	if err := do(g.instance.ID); err != nil {
		return fmt.Errorf("guest %q: %w", name, err)
	}
	m.set(func() { g.state = to })
	if err := m.save(); err != nil {
		m.Log.Error("the record is behind", "error", err) // it tells Restore nothing that it does not see
	}
	return nil
}

// What a guest may be asked to do by itself.
const (
	Poweroff = "poweroff"
	Reboot   = "reboot"
)

// Shutdown asks a guest to end by itself, by Poweroff or Reboot. That it does is its own affair; Poll sees it.
func (m *Manager) Shutdown(name, how string) error {
	if how != Poweroff && how != Reboot {
		return refuse(ErrState, "a guest can be asked for %s or %s, not for %q", Poweroff, Reboot, how)
	}
	g, err := m.take(name)
	if err != nil {
		return err
	}
	defer g.op.Unlock()
	switch g.state {
	case Running:
	case Paused:
		return refuse(ErrState, "guest %q is paused and would not hear of it; unpause it first, or destroy it", name)
	default:
		return refuse(ErrState, "guest %q is %s, not running", name, g.state)
	}
	if err := m.Signals.Shutdown(g.instance, how); err != nil {
		return fmt.Errorf("guest %q: %w", name, err)
	}
	return nil
}

// Destroy ends a guest at once, whatever it is doing, and forgets it. When the record can't be written the guest is as before. When a part of it can't be unmade, the
// guest is gone all the same, and Poll tries again. A guest that is being built is not waited for: its making fails.
func (m *Manager) Destroy(name string) error {
	stopped := m.stop(name)
	g, err := m.take(name)
	if stopped && errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer g.op.Unlock()
	return m.destroy(g)
}

// stop has the making of a guest fail at its next step, by taking the domain from under it, and tells whether it is being made.
func (m *Manager) stop(name string) bool {
	m.mu.Lock()
	g := m.guests[name]
	if g == nil || g.state != Building {
		m.mu.Unlock()
		return false
	}
	g.unwanted = true
	id := g.building
	m.mu.Unlock()
	if id != (ID{}) {
		if err := m.Hypervisor.Destroy(id); err != nil {
			m.Log.Error("guest destroyed while it is built", "guest", name, "error", err) // then when it is there
		}
	}
	return true
}

func (m *Manager) destroy(g *guest) error {
	if err := m.forget(g); err != nil {
		return fmt.Errorf("guest %q: %w", g.config.Name, err)
	}
	if g.state == Running { // so that it does not see its devices go, and make something of it
		if err := m.Hypervisor.Pause(g.instance.ID); err != nil {
			m.Log.Info("guest can't be paused for its end", "guest", g.config.Name, "error", err)
		}
	}
	err := g.undo.run()
	m.remove(g)
	if err != nil {
		return fmt.Errorf("guest %q is gone, but not all that it had: %w", g.config.Name, err)
	}
	m.Log.Info("guest destroyed", "guest", g.config.Name)
	return nil
}
