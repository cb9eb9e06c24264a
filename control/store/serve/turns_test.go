package serve

import (
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Who comes first is served first, also before one who has just had his turn.
func TestTurns(t *testing.T) {
	var t1 turns
	t1.take()
	var order []int
	var all sync.WaitGroup
	for i := range 5 {
		all.Go(func() {
			t1.do(func() { order = append(order, i) })
			t1.do(func() { order = append(order, 10+i) })
		})
		for queued := 0; queued <= i; runtime.Gosched() {
			t1.lock.Lock()
			queued = len(t1.waiting)
			t1.lock.Unlock()
		}
	}
	t1.give()
	all.Wait()
	require.Equal(t, []int{0, 1, 2, 3, 4}, order[:5], "nobody comes twice before all have come once")
	require.Len(t, order, 10)
	t1.take()
	t1.give()
	require.False(t, t1.taken)
}
