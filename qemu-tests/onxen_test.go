//go:build boot && xen

package qemutests

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

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
	runEvents(t, xenHost(t), "pairs=25 rounds=50")
}

func TestOnXenGoPower(t *testing.T) {
	t.Parallel()
	runRequests(t, xenHost(t))
}

func TestOnXenBench(t *testing.T) {
	t.Parallel()
	runBench(t, xenHost(t))
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
