//go:build boot

package qemutests

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
	"tuco/tools/tuco/ramdisk"
)

// A control domain does to its guests what a back end must not, in some seventy ways, of which each is one device's; to others with the store, and with the console. The guests name the
// device, use their others all the while, and end well: the control domain looks at all that.
func TestHostileBackEnds(t *testing.T) {
	t.Parallel()
	files := ramdisk.Ramdisk{}
	require.NoError(t, files.Add(filepath.Join(programDir, "wary.elf"), "wary.elf", nil))
	spec := goProgram(host.Spec{CPUs: 2}, "hostile", "")
	spec.Dom0.Ramdisk = filepath.Join(t.TempDir(), "wary.cpio")
	require.NoError(t, files.Write(spec.Dom0.Ramdisk))
	o := boot(t, spec)
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	require.Regexp(t, `(?m)^hostile: ok`, o.Console)
	requireNoLog(t, o, `(?m)^(bug|error): `)
	requireLog(t, o, `(?m)^\(d\d+\) guest: the console's daemon moved an index to where it can't be`)
	requireLog(t, o, `(?m)^\(d\d+\) wary: line 199 of what has to go somewhere`)
}
