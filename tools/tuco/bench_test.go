package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/mkkernel"
	"tuco/tools/tuco/bench"
)

// benchTable is what a guest prints that has measured all that it has to.
func benchTable(exits string) string {
	var text strings.Builder
	text.WriteString("op\tdiv\tticks(median/op)\texits\n")
	for i, op := range bench.Required() {
		fmt.Fprintf(&text, "%s\t1\t%d.0\t%s\n", op, 100+i, exits)
	}
	return text.String()
}

// newBencher is a bencher with files that look like what make builds, and a QEMU that prints what such guests would. An edit may
// change what is printed on Tuco.
func newBencher(t *testing.T, edit func(table string) string) *bencher {
	t.Helper()
	built := t.TempDir()
	var devices strings.Builder
	for i, op := range append(bench.DeviceOps(), bench.StoreOps()...) {
		fmt.Fprintf(&devices, "%s\t1\t%d.0\t2.000\n", op, 1000+i)
	}
	table := "op\tdiv\tticks(median/op)\texits\n" + devices.String()
	both := table + "storebench: done\nbench: " + strings.ReplaceAll(table, "\n", "\nbench: ") + "iobench: done\n" +
		"level=INFO msg=\"guest created\" guest=bench domain=1 took=20ms spent=18ms\nlevel=INFO msg=\"garbage collector\" collections=3 longest_stop=41µs longest_wait=1.2ms\n"
	for name, contents := range map[string][]byte{
		controlImage: mkkernel.Plain().Bytes(), deviceGuest: nil, storeGuest: mkkernel.Plain().Bytes(), "table.devices": []byte(both),
		"tuco.elf": []byte("image"), firstGuest: mkkernel.Plain().Bytes(), secondGuest: mkkernel.Plain().Bytes(),
		"cache/debian/xen-hypervisor-4.17-amd64/boot/xen-4.17-amd64.gz": nil, "cache/debian/xen-hypervisor-4.17-amd64/boot/xen-4.17-amd64": nil,
		"table.tuco": []byte(edit(benchTable("1.000")) + "bench: done\n"), "table.xen": []byte(benchTable("-") + "bench: done\n"),
	} {
		path := filepath.Join(built, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, contents, 0o644))
	}
	fakeQEMU(t, `case "$*" in
--version) echo 'QEMU emulator version 7.2.22';;
*xen-4.17*) echo '(XEN) Xen version 4.17.7 (Debian) x'; echo '(XEN) Detected 2000.0 MHz processor.'; cat '`+built+`/table.xen'; echo '(XEN) Hardware Dom0 halted: halting machine';;
*counts*) echo "(TUCO) console: now domain 0's"; cat '`+built+`/table.devices'; echo '(TUCO) tuco: power off';;
*) echo 'tuco 0.1.0'; echo 'clock: time stamp counter at 1000.000000 MHz (by the ACPI timer)'
   case "$*" in *stub=on*) echo 'stub: on';; esac
   echo "(TUCO) console: now domain 0's"; cat '`+built+`/table.tuco'; echo '(TUCO) tuco: power off';;
esac`)
	return &bencher{built: built, dir: filepath.Join(built, "report"), timeout: time.Minute, stdout: new(bytes.Buffer), says: func(string) {}}
}

func TestBench(t *testing.T) {
	b := newBencher(t, func(table string) string { return table })
	require.NoError(t, b.run(t.Context()))
	text, err := os.ReadFile(filepath.Join(b.dir, "bench.json"))
	require.NoError(t, err)
	var report bench.Report
	require.NoError(t, json.Unmarshal(text, &report))
	assert.Equal(t, bench.Versions{Tuco: "0.1.0", Xen: "4.17.7 (Debian)", QEMU: "7.2.22", Go: report.Versions.Go}, report.Versions)
	assert.Len(t, report.Rows, len(bench.Required())+len(bench.DeviceOps())+len(bench.StoreOps())+len(bench.ControlOps()))
	read := report.Rows[len(bench.Required())]
	assert.Equal(t, "block: 4 KiB read", read.Op)
	assert.Equal(t, 1000.0, *read.Tuco)
	assert.Equal(t, 93000.0, *read.Xen)
	assert.Contains(t, read.XenFrom, "of another run")
	assert.Nil(t, read.Modelled)
	assert.Len(t, report.Check, 3*len(bench.Required()))
	assert.Equal(t, 100.0, *report.Rows[0].WallNS.Tuco)
	assert.Equal(t, 50.0, *report.Rows[0].WallNS.Xen)
	var names []string
	for _, run := range report.Runs {
		names = append(names, run.Name)
		assert.FileExists(t, filepath.Join(b.dir, run.Log))
		assert.FileExists(t, filepath.Join(b.dir, run.Console))
	}
	assert.Equal(t, []string{"tuco", "tuco-second", "tuco-stub-off", "tuco-stub-off-second", "xen", "xen-second", "tuco-time", "xen-time",
		"devices-stub-on", "store-stub-on", "devices-stub-off", "store-stub-off"}, names)
	assert.FileExists(t, filepath.Join(b.dir, "bench.md"))
	assert.Contains(t, b.stdout.(*bytes.Buffer).String(), "105 rows, 93 on both: 0 above 1.0, 0 of them above 1.1")
}

func TestBenchMissingRow(t *testing.T) {
	b := newBencher(t, func(table string) string { return strings.Replace(table, "vm_assist\t", "wm_assist\t", 1) })
	var said []string
	b.says = func(text string) { said = append(said, text) }
	require.ErrorContains(t, b.run(t.Context()), "rows are missing")
	assert.Contains(t, said, "bench: missing: vm_assist: on Tuco: not in the guest's table")
	assert.FileExists(t, filepath.Join(b.dir, "bench.json"), "what there is is reported")
}

func TestBenchFailedRun(t *testing.T) {
	b := newBencher(t, func(table string) string { return table + "bench: the pages are gone\n" })
	require.ErrorContains(t, b.run(t.Context()), `tuco: `+filepath.Join(b.dir, "bench/tuco/dom0.console.log")+`: no table of measurements: the guest says "bench: the pages are gone"`)
}

func TestBenchUsage(t *testing.T) {
	status, _, stderr := tool(t, "bench", "--timeout", "-1s")
	assert.Equal(t, exitUsage, status)
	assert.Contains(t, stderr, "--timeout -1s: want a positive time")
	status, _, stderr = tool(t, "bench")
	assert.Equal(t, exitUsage, status)
	assert.Contains(t, stderr, "tuco.elf: no such file or directory: make builds it")
}
