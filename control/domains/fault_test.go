package domains

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/control/config"
	"tuco/hypercall"
)

// life is what happens to two guests, from their making to their end. Each step may fail; the world is looked at after each.
func life(w *world, m *Manager) {
	create := func(c *config.Guest) { _ = m.Create(c) }
	for _, step := range []func(){
		func() { create(guestFile("a", "disk = ['vol:a,xvda']\nvif = ['']")) },
		func() { create(guestFile("b", "ramdisk = 'disk'\non_crash = 'restart'")) },
		func() { w.end(m, "b", hypercall.SHUTDOWN_crash); _ = m.Poll() },
		func() { _ = m.Pause("b") },
		func() { _ = m.Unpause("b") },
		func() { _ = m.Shutdown("a", Poweroff) },
		func() { w.end(m, "a", hypercall.SHUTDOWN_poweroff); _ = m.Poll() },
		func() { _ = m.Destroy("b") },
	} {
		step()
		w.check(m)
	}
}

// clean takes away all that is left, with no more faults, and looks whether something stays.
func clean(w *world, m *Manager) {
	w.fails = nil
	require.NoError(w.t, m.Poll())
	w.check(m)
	for _, i := range m.List() {
		require.NoError(w.t, m.Destroy(i.Config.Name))
	}
	require.Empty(w.t, m.orphans)
	require.Empty(w.t, w.domains)
	require.Empty(w.t, w.recorded())
	w.check(m)
}

// calls is how many calls a life without faults makes.
func calls(t *testing.T) int {
	w := newWorld(t)
	life(w, w.manager(Quota{}))
	require.Empty(t, w.domains, "the life ends")
	require.Empty(t, w.recorded())
	return w.calls
}

// stride is from one call to the next that fails.
func stride() int {
	if testing.Short() {
		return 3
	}
	return 1
}

// TestEachCallFails: whichever call fails alone, nothing half-made is left, at once.
func TestEachCallFails(t *testing.T) {
	n := calls(t)
	require.Greater(t, n, 50)
	for k := 1; k <= n; k += stride() {
		w := newWorld(t)
		w.fails = func(call int) bool { return call == k }
		m := w.manager(Quota{})
		life(w, m)
		clean(w, m)
	}
}

// TestManyCallsFail: with faults in the undoing of faults too, all is clean when they are over.
func TestManyCallsFail(t *testing.T) {
	n, rounds := calls(t), 300
	if testing.Short() {
		rounds = 50
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range rounds {
		seed, one := r.Uint64(), 2+r.IntN(n)
		faults := rand.New(rand.NewPCG(seed, 0))
		w := newWorld(t)
		w.fails = func(int) bool { return faults.IntN(one) == 0 }
		m := w.manager(Quota{})
		life(w, m)
		clean(w, m)
	}
}

// TestToolstackEnds: it ends at any call, so that no later one is made, and begins again. Domains and daemons went on meanwhile.
func TestToolstackEnds(t *testing.T) {
	n := calls(t)
	for k := 1; k <= n; k += stride() {
		w := newWorld(t)
		w.fails = func(call int) bool { return call >= k }
		life(w, w.manager(Quota{}))
		w.fails = nil
		recorded := w.recorded()
		m := w.manager(Quota{})
		require.NoError(t, m.Restore())
		require.Equal(t, recorded, w.recorded())
		w.check(m)
		clean(w, m)
	}
}

// TestHostEnds: it ends at any call, with all domains. Guests of the record run again.
func TestHostEnds(t *testing.T) {
	n := calls(t)
	for k := 1; k <= n; k += stride() {
		old := newWorld(t)
		old.fails = func(call int) bool { return call >= k }
		life(old, old.manager(Quota{}))
		w := newWorld(t)
		w.document = old.document
		m := w.manager(Quota{})
		require.NoError(t, m.Restore())
		require.Equal(t, old.recorded(), w.recorded())
		for _, i := range m.List() {
			require.Equal(t, Running, i.State)
		}
		w.check(m)
		clean(w, m)
	}
}
