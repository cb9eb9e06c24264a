//go:build model

package mm

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// plantedSteps is how long the model looks for a fault before it has missed it.
const plantedSteps = 5_000_000

// TestPlantedFaults shows that the model is able to find what it looks for. It
// compiles the package's own model with the faults of the table in place, each
// behind a switch, and runs it with one after the other switched on. Faults that
// change the same text go into different binaries.
func TestPlantedFaults(t *testing.T) {
	var binaries []string
	for i, g := range groups(t) {
		binaries = append(binaries, g.plant(t))
		out, err := run(binaries[i], 0)
		require.NoError(t, err, "with no fault switched on\n%s", out)
		for _, n := range g.faults {
			t.Run(faults[n].name, func(t *testing.T) {
				out, err := run(binaries[i], n+1)
				require.Error(t, err, "the model did not notice")
				found := regexp.MustCompile(`step \d+: .*`).FindString(out)
				assert.NotEmpty(t, found, "it failed in another way:\n%s", out)
				t.Log(found)
			})
		}
	}
}

// place is where a fault stands.
type place struct{ start, end int }

// group is faults that do not overlap.
type group struct {
	faults []int
	taken  map[string][]place
}

func groups(t *testing.T) []*group {
	var all []*group
next:
	for i, f := range faults {
		b, err := os.ReadFile(f.file)
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(string(b), f.old), "fault %q: its text stands in %s once", f.name, f.file)
		start := strings.Index(string(b), f.old)
		at := place{start, start + len(f.old)}
	fit:
		for n := 0; ; n++ {
			if n == len(all) {
				all = append(all, &group{taken: map[string][]place{}})
			}
			for _, p := range all[n].taken[f.file] {
				if at.start < p.end && p.start < at.end {
					continue fit
				}
			}
			all[n].faults = append(all[n].faults, i)
			all[n].taken[f.file] = append(all[n].taken[f.file], at)
			continue next
		}
	}
	return all
}

func run(binary string, fault int) (string, error) {
	steps := plantedSteps
	if fault == 0 {
		steps = 200_000
	}
	c := exec.Command(binary, "-test.run=^(TestDuel|TestModel)$", "-test.failfast", fmt.Sprintf("-model.steps=%d", steps))
	c.Env = append(os.Environ(), fmt.Sprintf("PLANTED=%d", fault))
	out, err := c.CombinedOutput()
	return string(out), err
}

// plant compiles the model with the group's faults, by an overlay of changed sources.
func (g *group) plant(t *testing.T) string {
	dir := t.TempDir()
	texts := map[string]string{}
	for _, i := range g.faults {
		f := faults[i]
		text, ok := texts[f.file]
		if !ok {
			b, err := os.ReadFile(f.file)
			require.NoError(t, err)
			text = string(b)
		}
		changed := strings.ReplaceAll(f.new, "FAULT", fmt.Sprintf("planted(%d)", i+1))
		require.Equal(t, 1, strings.Count(text, f.old), "fault %q", f.name)
		texts[f.file] = strings.Replace(text, f.old, changed, 1)
	}
	texts["../pagetype/planted.go"] = "package pagetype\n\nvar Planted int\n\nfunc planted(n int) bool { return Planted == n }\n" + `
func pick[T any](on bool, a, b T) T {
	if on {
		return a
	}
	return b
}
func planted1(on bool) uint64 { return pick[uint64](on, 1, 0) }
func planted2(on bool) PTE    { return pick(on, RW, 0) }
func planted3(on bool) uint16 { return pick[uint16](on, 1, 0) }
func planted4(on bool) word   { return pick(on, changing, 0) }

`
	texts["planted.go"] = "package mm\n\nimport \"tuco/kernel/pagetype\"\n\nfunc planted(n int) bool { return pagetype.Planted == n }\n"
	texts["planted_test.go"] = "package mm\n\nimport (\"os\"; \"strconv\"; \"tuco/kernel/pagetype\")\n\n" +
		"func init() { pagetype.Planted, _ = strconv.Atoi(os.Getenv(\"PLANTED\")) }\n"
	replace := map[string]string{}
	for name, text := range texts {
		abs, err := filepath.Abs(name)
		require.NoError(t, err)
		file := filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		replace[abs] = file
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	file := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(file, overlay, 0o644))
	binary := filepath.Join(dir, "model.test")
	out, err := exec.Command("go", "test", "-vet=off", "-tags", "model", "-overlay", file, "-c", "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return binary
}
