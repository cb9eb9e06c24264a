//go:build model || race

package mm

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/lock"
)

var (
	modelSteps = flag.Int("model.steps", 20_000, "`steps` of TestModel")
	modelSeed  = flag.Uint64("model.seed", 1, "first `seed` of TestModel")
)

func TestMain(m *testing.M) {
	lock.Violation = func(f lock.Fault) { panic(f.Kind.String()) }
	flag.Parse()
	os.Exit(m.Run())
}

// stepsASeed is after how many steps a world begins afresh, so that what
// happens early happens often.
const stepsASeed = 10_000

func TestModel(t *testing.T) {
	seen := map[string]int{}
	for left, seed := *modelSteps, *modelSeed; left > 0; left, seed = left-stepsASeed, seed+1 {
		w := newWorld(seed)
		failure := w.run(min(left, stepsASeed))
		require.Empty(t, failure, fmt.Sprintf("-model.seed=%d", seed))
		for what, n := range w.seen {
			seen[what] += n
		}
	}
	t.Log(seen)
	if *modelSteps < 200_000 {
		return // too few for all that is rare
	}
	for _, what := range []string{
		"ok", "to be continued", "a flush is due", "no such frame", "frame of another domain",
		"frame in use as another type", "frame that can't be mapped so", "device of others", "entry not allowed", "already pinned", "not pinned",
		"exact recount", "fill", "guest write", "flush", "freed", "populated", "abandoned", "new root", "emulated", "foreign",
		"taken and given back", "ring opened", "put into a ring", "drained", "ring broken", "device given", "device taken back", "device kept",
	} {
		assert.NotZero(t, seen[what], "never seen: %s", what)
	}
}
