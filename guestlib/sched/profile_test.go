package sched

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whoever runs gets the profiler's signal again and again, on each vCPU, and nobody when it is off.
func TestProfile(t *testing.T) {
	onVCPUs(t, func(t *testing.T, f *fake) {
		const signal, bit, every = 27, 1 << 26, 200_000
		sampled := func() bool { return f.current().Signals.Pending.And(^uint64(bit))&bit != 0 }
		begun, done := new(word), new(word)
		f.fork(func() {
			f.set(begun)
			for range 3 {
				for !sampled() {
					f.step()
				}
			}
			f.set(done)
		})
		f.s.setProfile(profile{signal, every})
		for range 3 {
			for !sampled() {
				f.step()
			}
		}
		f.await(begun)
		f.await(done)
		f.s.setProfile(profile{})
		sampled()
		for end := time.Now().Add(5 * time.Millisecond); time.Now().Before(end); {
			f.step()
		}
		require.False(t, sampled())
	})
}
