package bench

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

// read is the table of a file in testdata.
func read(t *testing.T, name string) Table {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	table, err := Parse(string(text))
	require.NoError(t, err)
	return table
}

// sample is a report of tables that have a row of each sort.
func sample(t *testing.T) *Report {
	t.Helper()
	tuco, xen := read(t, "tuco.txt"), read(t, "xen.txt")
	r := &Report{
		Date:     time.Date(2026, 11, 26, 4, 0, 0, 0, time.UTC),
		Versions: Versions{"0.1.0", "4.17.7 (Debian)", "7.2.22", "go1.26.8"},
		Machine:  Machine{"A Processor", 2, "6.1.0"},
		Guest:    Guest{"bench.elf", "00112233445566778899aabbccddeeff"},
		Model:    DefaultModel,
		Runs:     []Run{{"tuco", 2.5, "bench/tuco/hypervisor.log", "bench/tuco/dom0.console.log"}},
	}
	r.Compare("tuco", tuco, read(t, "second.txt"))
	r.Join(tuco, read(t, "tuco-stub-off.txt"), xen)
	r.Time(tuco, xen, 2000, 1000)
	return r
}

func TestGolden(t *testing.T) {
	r := sample(t)
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{{"report.json", r.WriteJSON}, {"report.md", r.WriteMarkdown}, {"report.txt", r.WriteText}} {
		var got bytes.Buffer
		require.NoError(t, file.write(&got))
		path := filepath.Join("testdata", file.name)
		if *update {
			require.NoError(t, os.WriteFile(path, got.Bytes(), 0o644))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, string(want), got.String(), "%s: go test ./tools/tuco/bench -update writes it anew", path)
	}
}

// The names that programs outside read.
func TestContract(t *testing.T) {
	var text bytes.Buffer
	require.NoError(t, sample(t).WriteJSON(&text))
	var got struct {
		Rows []map[string]any `json:"rows"`
	}
	require.NoError(t, json.Unmarshal(text.Bytes(), &got))
	require.Subset(t, got.Rows[0], map[string]any{"op": "null: xen_version(XENVER_version)", "unit": "instructions", "tuco": 20.0, "xen": 246.0, "exits": 0.0})
	assert.Nil(t, got.Rows[len(got.Rows)-1]["xen"], "what Xen has not is null, not 0")
}

func TestJoin(t *testing.T) {
	r := sample(t)
	find := func(op string) Line {
		for _, l := range r.Rows {
			if l.Op == op {
				return l
			}
		}
		require.Fail(t, "no line", op)
		return Line{}
	}
	null := find("null: xen_version(XENVER_version)")
	assert.InDelta(t, 20.0/246, *null.Ratio, 0.001)
	assert.Equal(t, 20.0+DefaultModel.EntryCycles, null.Modelled.Tuco, "an exit that the stub saves is an entry")
	assert.Equal(t, 246.0+DefaultModel.EntryCycles, *null.Modelled.Xen)
	half := find("mmu_update map(0->RW) batch 2")
	assert.Equal(t, 519+0.5*DefaultModel.ExitCycles, half.Modelled.Tuco)
	grant := find("grant map own page")
	assert.Nil(t, grant.Tuco)
	assert.Nil(t, grant.Ratio)
	assert.Equal(t, "ENOSYS", grant.Absent["tuco"])
	assert.Equal(t, Totals{Rows: 6, Compared: 4, AboveOne: 2, AboveTenth: 1}, r.Totals)
	assert.Equal(t, Totals{Rows: 4, Compared: 3, AboveOne: 1, AboveTenth: 0}, r.Listed)
}

func TestTime(t *testing.T) {
	r := sample(t)
	assert.Equal(t, 10.0, *r.Rows[0].WallNS.Tuco)
	assert.Equal(t, 246.0, *r.Rows[0].WallNS.Xen)
	assert.Nil(t, r.Rows[len(r.Rows)-1].WallNS.Xen)
	r.Time(read(t, "tuco.txt"), nil, 0, 0)
	assert.Nil(t, r.Rows[0].WallNS.Tuco, "without a clock there is no time")
}

// Without the run with the stub off there is nothing of it, and the exits are those that there are.
func TestJoinWithoutStubOff(t *testing.T) {
	r := &Report{Model: DefaultModel}
	r.Join(read(t, "tuco-stub-off.txt"), nil, read(t, "xen.txt"))
	require.Nil(t, r.Rows[0].TucoStubOff)
	require.Equal(t, 209+DefaultModel.ExitCycles, r.Rows[0].Modelled.Tuco)
	for _, why := range r.Missing(nil) {
		require.NotContains(t, why, "without its stub")
	}
}

func TestMissing(t *testing.T) {
	r := sample(t)
	assert.Equal(t, []string{
		"vm_assist: no guest has measured it",
		"grant map own page: on Tuco: refused with ENOSYS",
		"grant map own page: on Tuco without its stub: refused with ENOSYS",
	}, r.Missing([]string{"null: xen_version(XENVER_version)", "vm_assist"}))
	tuco := read(t, "tuco.txt")
	r.Join(tuco[1:], nil, tuco)
	assert.Contains(t, r.Missing(nil), tuco[0].Op+": on Tuco: not in the guest's table")
	r.Join(tuco, nil, tuco[1:])
	assert.Contains(t, r.Missing(nil), tuco[0].Op+": on Xen: not in the guest's table")
}

func TestRequired(t *testing.T) {
	ops := Required()
	assert.Contains(t, ops, "mmu_update map(0->RW) batch 512")
	seen := map[string]bool{}
	for _, op := range ops {
		assert.NotEmpty(t, op)
		assert.False(t, seen[op], op)
		seen[op] = true
	}
}

func TestCompare(t *testing.T) {
	r := sample(t)
	require.Len(t, r.Check, 3, "what only one has, or refuses, is not compared")
	assert.Equal(t, 1, r.Differing())
	assert.Equal(t, Comparison{"empty(rdtsc pair)", "tuco", 3, 24, true}, r.Check[2])
}

func TestVersions(t *testing.T) {
	assert.Equal(t, "0.1.0", TucoVersion("tuco 0.1.0\nloader: by PVH\n"))
	assert.Equal(t, "4.17.7 (Debian 4.17.7+13)", XenVersion(" Xen version 4.17.7 (Debian 4.17.7+13) (gcc) debug=n\n"))
	assert.Equal(t, "7.2.22 (Debian 1:7.2)", QEMUVersion("QEMU emulator version 7.2.22 (Debian 1:7.2)\nCopyright\n"))
	assert.Equal(t, "unknown", TucoVersion("nothing"))
	assert.Equal(t, "A Processor", model("processor\t: 0\nmodel name\t: A Processor\n"))
	assert.Equal(t, "unknown", model(""))
	assert.Positive(t, ThisMachine().Cores)
	assert.Equal(t, 2596.14, TucoMHz("clock: time stamp counter at 2596.140000 MHz (by the ACPI timer)\n"))
	assert.Equal(t, 2596.144, XenMHz("Detected 2596.144 MHz processor.\n"))
	assert.Zero(t, XenMHz("nothing"))
}
