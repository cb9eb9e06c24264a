package domains

import (
	"context"
	"errors"
	"time"
)

// lookAgain is how often Leave looks whether guests have ended.
const lookAgain = 100 * time.Millisecond

// Leave ends all guests, because the host ends, and leaves the record as it is: at the host's next start, Restore brings back those that run now. They are asked to power off,
// and have until the context ends; then they are destroyed. Nothing can be created any more.
func (m *Manager) Leave(ctx context.Context) error {
	m.set(func() {
		if !m.leaving {
			m.leaving = true
			for _, g := range m.guests {
				m.left = append(m.left, g.config)
			}
		}
	})
	var errs []error
	for _, i := range m.List() {
		if i.State == Running {
			if err := m.Shutdown(i.Config.Name, Poweroff); err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrState) {
				errs = append(errs, err)
			}
		}
	}
	for ctx.Err() == nil && m.anyRuns() {
		errs = append(errs, m.Poll())
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
		}
	}
	for _, i := range m.List() {
		if err := m.Destroy(i.Config.Name); err != nil && !errors.Is(err, ErrNotFound) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (m *Manager) anyRuns() bool {
	for _, i := range m.List() {
		if i.State == Running {
			return true
		}
	}
	return false
}

// Files are the kernels and ramdisks that guests name, also those that are on record for the host's next start.
func (m *Manager) Files() map[string]bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	files := map[string]bool{}
	for _, g := range m.guests {
		files[g.config.Kernel], files[g.config.Ramdisk] = true, true
	}
	for _, c := range m.left {
		files[c.Kernel], files[c.Ramdisk] = true, true
	}
	return files
}

// ending tells whether the host does.
func (m *Manager) ending() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.leaving
}
