package domains

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tuco/control/config"
	"tuco/hypercall"
)

// A guest that ends so soon so often is not started again: it would do nothing else.
const (
	shortLife     = 10 * time.Second
	shortLivesMax = 3
)

// Poll finds guests that have ended, and does what their files say; and it tries again to take apart what could not be. It is to be called when the
// hypervisor says that a domain has ended (VIRQ_DOM_EXC), and now and then.
func (m *Manager) Poll() error {
	errs := []error{m.retry()}
	there, err := m.Hypervisor.List()
	if err != nil {
		return errors.Join(append(errs, fmt.Errorf("asking which domains there are: %w", err))...)
	}
	status := map[Handle]Status{}
	for _, s := range there {
		status[s.Handle] = s
	}
	m.mu.Lock()
	guests := slices.Collect(maps.Values(m.guests))
	m.mu.Unlock()
	for _, g := range guests {
		errs = append(errs, m.pollOne(g, status))
	}
	return errors.Join(errs...)
}

// pollOne looks after a guest, unless an operation does: that one's end is not the last moment to look.
func (m *Manager) pollOne(g *guest, status map[Handle]Status) error {
	if !g.op.TryLock() {
		return nil
	}
	defer g.op.Unlock()
	if g.gone || g.state != Running && g.state != Paused {
		return nil
	}
	s, ok := status[g.instance.Handle]
	if !ok { // the list is older than the domain, or somebody else has destroyed it
		var err error
		if s, ok, err = m.find(g.instance.Handle); err != nil {
			return err
		}
	}
	switch {
	case !ok:
		return m.ended(g, hypercall.SHUTDOWN_crash)
	case s.Ended:
		return m.ended(g, s.Reason)
	}
	return nil
}

// find asks the hypervisor about one domain.
func (m *Manager) find(h Handle) (Status, bool, error) {
	there, err := m.Hypervisor.List()
	if err != nil {
		return Status{}, false, fmt.Errorf("asking which domains there are: %w", err)
	}
	k := slices.IndexFunc(there, func(s Status) bool { return s.Handle == h })
	if k < 0 {
		return Status{}, false, nil
	}
	return there[k], true, nil
}

// ended does what is to be done with a guest that has ended.
func (m *Manager) ended(g *guest, reason uint32) error {
	lived := m.Now().Sub(g.started)
	m.Log.Info("guest ended", "guest", g.config.Name, "reason", reasonName(reason), "lived", lived)
	if reason != hypercall.SHUTDOWN_poweroff && reason != hypercall.SHUTDOWN_reboot {
		m.report(g, reason, lived)
	}
	switch m.action(g, reason) {
	case config.Preserve:
		m.set(func() { g.state, g.why = Ended, reasonName(reason) })
		return m.save()
	case config.Destroy:
		return m.destroy(g)
	}
	return m.another(g, reason, lived)
}

// another gives a guest another domain.
func (m *Manager) another(g *guest, reason uint32, lived time.Duration) error {
	// The record forgets the old domain before it is taken apart, so that it is adopted whole or not at all.
	i, state := g.instance, g.state
	m.set(func() { g.instance, g.state = nil, Building })
	if err := m.save(); err != nil {
		m.set(func() { g.instance, g.state = i, state })
		return err
	}
	left := g.undo.run()
	if left != nil {
		m.set(func() { m.orphans = append(m.orphans, &undo{g.undo.steps}) })
		g.undo.steps = nil
	}
	if g.restarts++; lived >= shortLife {
		g.restarts = 0
	}
	if g.restarts >= shortLivesMax {
		m.fail(g, fmt.Sprintf("it ended %d times within %v of its start, the last time by %s; see its console and reports", g.restarts, shortLife, reasonName(reason)))
		return left
	}
	return errors.Join(left, m.restart(g))
}

func (m *Manager) action(g *guest, reason uint32) config.Action {
	if m.ending() {
		return config.Destroy
	}
	switch reason {
	case hypercall.SHUTDOWN_poweroff:
		return g.config.OnPoweroff
	case hypercall.SHUTDOWN_reboot:
		return g.config.OnReboot
	}
	return g.config.OnCrash // a suspend that nobody asked for too
}

// reasonName is a reason in words.
func reasonName(reason uint32) string {
	names := []string{"power off", "reboot", "suspend", "crash", "watchdog", "soft reset"}
	if reason < uint32(len(names)) {
		return names[reason]
	}
	return fmt.Sprintf("reason %d", reason)
}

// retry runs what is left of guests that no longer are.
func (m *Manager) retry() error {
	m.mu.Lock()
	orphans := m.orphans
	m.orphans = nil
	m.mu.Unlock()
	var errs []error
	for _, u := range orphans {
		if err := u.run(); err != nil {
			errs = append(errs, fmt.Errorf("what is left of a guest: %w", err))
			m.set(func() { m.orphans = append(m.orphans, u) })
		}
	}
	return errors.Join(errs...)
}
