//go:build model || race

package mm

import "testing"

// FuzzModel lets the fuzzer choose the world: its seed decides what guests ask
// for and which processor goes on when.
func FuzzModel(f *testing.F) {
	for seed := range uint64(4) {
		f.Add(seed, uint16(2000))
	}
	f.Fuzz(func(t *testing.T, seed uint64, steps uint16) {
		if failure := newWorld(seed).run(int(steps)); failure != "" {
			t.Fatal(failure)
		}
	})
}
