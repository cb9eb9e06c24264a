package shootdown

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// mutual: two CPUs ask each other at the same time, and a third.
func mutual(f fault) func(e *explorer) []func() {
	return func(e *explorer) []func() {
		m := newModel(e, f)
		for cpu := range 3 {
			m.load(cpu, 0)
			m.load(cpu, 1)
		}
		asker := func(cpu, n int) func() {
			return func() {
				t, old := m.change(cpu, n)
				m.wait(cpu, t, n, old)
				m.use(cpu, 1-n)
				m.guest(cpu)
			}
		}
		return []func(){asker(0, 0), asker(1, 1), func() { m.guest(2) }}
	}
}

// merged: one CPU asks twice before it waits, another once, for a target that
// runs a guest.
func merged(f fault) func(e *explorer) []func() {
	return func(e *explorer) []func() {
		m := newModel(e, f)
		m.load(2, 0)
		m.load(2, 1)
		m.cpus[1].state.value = offline
		return []func(){
			func() {
				t0, old0 := m.change(0, 0)
				t1, old1 := m.change(0, 1)
				m.wait(0, t0, 0, old0)
				m.wait(0, t1, 1, old1)
			},
			func() {},
			func() { m.guest(2) },
		}
	}
}

// sleeper: a CPU goes idle and comes back, with translations that others
// replace meanwhile, one after the other.
func sleeper(f fault) func(e *explorer) []func() {
	return func(e *explorer) []func() {
		m := newModel(e, f)
		m.load(2, 0)
		m.load(2, 1)
		m.cpus[1].state.value = offline
		return []func(){
			func() {
				for n := range pages {
					t, old := m.change(0, n)
					m.wait(0, t, n, old)
				}
			},
			func() {},
			func() {
				m.use(2, 0)
				m.enter(2, idle)
				m.interrupts(2)
				m.leaveIdle(2)
				m.guest(2)
			},
		}
	}
}

// newcomer: a CPU comes for the first time, with translations that it found on its
// way and that another replaces, without asking it.
func newcomer(f fault) func(e *explorer) []func() {
	return func(e *explorer) []func() {
		m := newModel(e, f)
		m.load(2, 0)
		m.load(2, 1)
		m.cpus[1].state.value = offline
		m.cpus[2].state.value = offline
		m.known.value = 1
		return []func(){
			func() {
				for n := range pages {
					t, old := m.change(0, n)
					m.wait(0, t, n, old)
				}
			},
			func() {},
			func() {
				m.leaveIdle(2)
				m.guest(2)
			},
		}
	}
}

func crowd(f fault) func(e *explorer) []func() {
	return func(e *explorer) []func() {
		m := newModel(e, f)
		m.load(2, 0)
		m.load(2, 1)
		m.cpus[2].state.value = idle
		sender := func(cpu, n int) func() {
			return func() {
				t, old := m.change(cpu, n)
				m.wait(cpu, t, n, old)
				stepping.idle()
				for !stepping.ended() {
					m.interrupts(cpu)
					stepping.rest()
				}
			}
		}
		return []func(){sender(0, 0), sender(1, 1), func() {
			m.leaveIdle(2)
			m.guest(2)
		}}
	}
}

var scenarios = map[string]struct {
	setup func(fault) func(*explorer) []func()
	bound int
}{
	"mutual":   {mutual, 1},
	"merged":   {merged, 2},
	"sleeper":  {sleeper, 2},
	"newcomer": {newcomer, 2},
	"crowd":    {crowd, 1},
}

func TestEverySchedule(t *testing.T) {
	for name, s := range scenarios {
		t.Run(name, func(t *testing.T) {
			runs, failure := explore(s.bound, s.setup(none))
			assert.Empty(t, failure)
			assert.Greater(t, runs, 100)
			t.Logf("%d schedules", runs)
		})
	}
}

func TestPlantedFaultsAreCaught(t *testing.T) {
	if testing.Short() {
		t.Skip("make test explores the schedules of each planted fault")
	}
	for _, c := range []struct {
		name, scenario, says string
		fault                fault
	}{
		{"no serving while waiting", "mutual", "deadlock", waitWithoutServing},
		{"no fence after the state", "sleeper", "given away", serveBeforeRunning},
		{"answer before the flush", "merged", "given away", answerBeforeFlush},
		{"pending word not swapped at once", "crowd", "deadlock", swapInTwoSteps},
		{"only the latest request after idle", "sleeper", "given away", idleFlushesLatestOnly},
		{"leaving idle without serving", "sleeper", "given away", pendingIgnored},
		{"coming without a flush", "newcomer", "given away", newcomerKeeps},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := scenarios[c.scenario]
			runs, failure := explore(s.bound, s.setup(c.fault))
			assert.Contains(t, failure, c.says)
			t.Logf("after %d schedules: %s", runs, failure)
		})
	}
}
