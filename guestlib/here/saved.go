package here

import (
	"errors"
	"maps"
	"slices"
	"sync"

	"tuco/guestlib/frontend"
	"tuco/guestlib/power"
)

// follow has package power tell when the domain is saved. Grant table and store have registered there before, so they are there
// again when the devices' turn comes.
func (h *Here) follow() {
	h.register.Do(func() { h.atSuspend(h) })
}

// AtSuspend implements frontend.Domain.
func (h *Here) AtSuspend(s *frontend.Saved) (remove func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.saved == nil {
		h.saved = map[*frontend.Saved]bool{}
	}
	h.saved[s] = true
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.saved, s)
	}
}

func (h *Here) devices() []*frontend.Saved {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.saved))
}

// Suspend implements power.Device.
func (h *Here) Suspend() error {
	for _, s := range h.devices() {
		s.Suspended()
	}
	return nil
}

// Resume implements power.Device. Of what was shared before only the memory is left in a restored domain, and all devices
// connect anew.
func (h *Here) Resume(cancelled bool) error {
	if !cancelled {
		h.mu.Lock()
		h.age++
		h.mu.Unlock()
	}
	devices := h.devices()
	errs := make([]error, len(devices))
	var wg sync.WaitGroup
	for i, s := range devices {
		wg.Go(func() { errs[i] = s.Resumed(cancelled) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

var _ power.Device = (*Here)(nil)
