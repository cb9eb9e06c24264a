//go:build model || race

package grant

import (
	"math/rand/v2"
	"runtime"
)

// Others go on between two accesses to what is shared, now and then.
func init() {
	Step = func() {
		if rand.IntN(3) == 0 {
			runtime.Gosched()
		}
	}
}
