//go:build boot && xen

package qemutests

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/bench"
	"tuco/tools/tuco/host"
)

func TestOnXenHello(t *testing.T) {
	t.Parallel()
	spec := xenHost(t)
	spec.Dom0 = &host.Domain0{Kernel: filepath.Join(guestDir, "hello.elf"), Memory: 256 * host.MiB}
	outcome := boot(t, spec)
	requireVerdicts(t, outcome)
	require.Regexp(t, `hello: from a guest on version 4\.17\.\d`, outcome.Console)
}

// The suite's groups have the same verdicts on a hypervisor that nobody here wrote.
func TestOnXen(t *testing.T) {
	t.Parallel()
	runSuite(t, xenHost(t), "")
}

func TestOnXenStart(t *testing.T) {
	t.Parallel()
	runStarts(t, xenHost(t))
}

func TestOnXenFatal(t *testing.T) {
	t.Parallel()
	runFatal(t, xenHost(t))
}

// The same files as on Tuco.
func TestOnXenGoProgram(t *testing.T) {
	t.Parallel()
	runEndings(t, xenHost(t))
}

func TestOnXenGoProgramStart(t *testing.T) {
	t.Parallel()
	spec := xenHost(t)
	spec.ICount = true
	ticks, batch := goStart(t, boot(t, goProgram(spec, "hello", "")))
	require.LessOrEqual(t, ticks, maxStartOnXen)
	require.GreaterOrEqual(t, batch, float64(minBatch))
}

func TestOnXenGoProgramMemory(t *testing.T) {
	t.Parallel()
	runMemory(t, xenHost(t))
}

func TestOnXenDrivers(t *testing.T) {
	t.Parallel()
	runDrivers(t, xenHost(t), "")
}

func TestOnXenGoProgramRequirements(t *testing.T) {
	t.Parallel()
	runRequirements(t, xenHost(t))
}

func TestOnXenGoProgramSizes(t *testing.T) {
	t.Parallel()
	runSizes(t, xenHost(t))
}

func TestOnXenGoStress(t *testing.T) {
	t.Parallel()
	runStress(t, xenHost(t))
}

func TestOnXenGoEvents(t *testing.T) {
	t.Parallel()
	runEvents(t, xenHost(t), "pairs=60 rounds=25")
}

func TestOnXenGoPower(t *testing.T) {
	t.Parallel()
	runRequests(t, xenHost(t))
}

// The benchmark as make bench runs it, but for the boots of Linux. The command fails where a row is missing.
func TestOnXenBench(t *testing.T) {
	t.Parallel()
	xenHost(t)
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "../out/tuco", "bench", "--linux=false", "-o", dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
	text, err := os.ReadFile(filepath.Join(dir, "bench.json"))
	require.NoError(t, err)
	var report bench.Report
	require.NoError(t, json.Unmarshal(text, &report))
	lines := map[string]bench.Line{}
	for _, line := range report.Rows {
		lines[line.Op] = line
	}
	for _, op := range bench.Required() {
		require.NotNil(t, lines[op].Tuco, op)
		require.NotNil(t, lines[op].Xen, op)
	}
	require.GreaterOrEqual(t, len(report.Check), 5, "too few rows of both guests")
	require.Contains(t, report.Versions.Xen, "4.17")
	for _, run := range report.Runs {
		require.FileExists(t, filepath.Join(dir, run.Log))
		require.FileExists(t, filepath.Join(dir, run.Console))
	}
	for op, expected := range onXen {
		require.NotNil(t, lines[op].Xen, op)
		require.InEpsilon(t, expected, *lines[op].Xen, 0.04, op) // else it is not the hypervisor that was measured
	}
	require.FileExists(t, filepath.Join(dir, "bench.md"))
}

// onXen is what operations of Debian's Xen 4.17.7 cost, as another guest has measured it that nothing here is made of.
var onXen = map[string]float64{
	"null: xen_version(XENVER_version)": 252, "sched_op yield": 1998, "pv read_cr3 emul": 1272, "page fault (write NULL) bounce + iret": 681,
	"user syscall -> guest kernel -> iret hypercall -> user": 642, "evtchn send + upcall + iret (round trip)": 854,
	"pin L1 full(512 RW present)": 204.4, "mmu_update map(0->RW) batch 512": 548.8, "update_va_mapping map INVLPG": 829,
	"mmuext NEW_BASEPTR+NEW_USER_BASEPTR": 1345, "memory_op populate_physmap 1 page": 1608, "grant copy 4096 B (ref->own gmfn)": 2122,
}

func TestOnXenGoHTTP(t *testing.T) {
	t.Parallel()
	runHTTP(t, xenHost(t))
}

func TestOnXenGoFiles(t *testing.T) {
	t.Parallel()
	runFiles(t, xenHost(t))
}

func TestOnXenGoInput(t *testing.T) {
	t.Parallel()
	runInput(t, xenHost(t))
}

func TestOnXenGoDevices(t *testing.T) {
	t.Parallel()
	runDevices(t, xenHost(t))
}

func TestOnXenGoPackages(t *testing.T) {
	t.Parallel()
	xenHost(t) // fetched once, not by each
	testGo(t, []string{"sync", "sort", "container/list", "strconv", "tuco/guestlib/soft", "tuco/guestlib/evtchn", "tuco/guestlib/grant",
		"tuco/guestlib/balloon", "tuco/guestlib/here"}, "--short", "--hypervisor", "tuco,xen")
}

func TestOnXenLast(t *testing.T) {
	t.Parallel()
	runLast(t, xenHost(t))
}

func TestOnXenGoProgramOnVCPUs(t *testing.T) {
	t.Parallel()
	runOnVCPUs(t, xenHost(t), 4)
}

func TestOnXenGoStressOnVCPUs(t *testing.T) {
	t.Parallel()
	runStressOnVCPUs(t, xenHost(t), 2, 5)
}
