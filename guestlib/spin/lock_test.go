package spin

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOneAtATime(t *testing.T) {
	const workers, rounds = 4, 10_000
	var (
		l   Lock
		sum int
		all sync.WaitGroup
	)
	for range workers {
		all.Go(func() {
			for range rounds {
				l.Lock()
				sum++
				l.Unlock()
			}
		})
	}
	all.Wait()
	require.Equal(t, workers*rounds, sum)
}

func TestTryGivesUp(t *testing.T) {
	var l Lock
	require.True(t, l.Try(1))
	require.False(t, l.Try(3))
	l.Unlock()
	require.True(t, l.Try(1))
}

// Who waits for long relaxes.
func TestLockRelaxes(t *testing.T) {
	var l Lock
	l.Lock()
	old := Relax
	defer func() { Relax = old }()
	Relax = l.Unlock
	l.Lock()
	require.False(t, l.Try(1))
}
