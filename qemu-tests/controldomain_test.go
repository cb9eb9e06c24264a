//go:build boot

package qemutests

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
	"tuco/tools/tuco/ramdisk"
)

const controlImage = "../out/control.elf"

// controlled is a host whose control domain finds guests in its ramdisk: a guest.cfg by the guest's name, without what all have.
func controlled(t *testing.T, spec host.Spec, guests map[string]string) host.Spec {
	t.Helper()
	files := ramdisk.Ramdisk{}
	require.NoError(t, files.Add(filepath.Join(programDir, "hello.elf"), "hello.elf", nil))
	for name, more := range guests {
		files.AddText("guests/"+name+".cfg", fmt.Sprintf("name = %q\nkernel = 'hello.elf'\n%s", name, more))
	}
	to := filepath.Join(t.TempDir(), "guests.cpio")
	require.NoError(t, files.Write(to))
	spec.Dom0 = &host.Domain0{Kernel: controlImage, Ramdisk: to, Memory: 96 * host.MiB}
	return spec
}

// The control domain makes guests, which live and end side by side.
func TestControlDomain(t *testing.T) {
	t.Parallel()
	o := boot(t, controlled(t, host.Spec{CPUs: 2}, map[string]string{
		"one": "memory = 48", "two": "vcpus = 2\nmemory = 64\nextra = 'with words'",
	}))
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	for _, line := range []string{`one: hello: done`, `two: hello: go\S+, 2 processors, arguments \["with" "words"\]`, `two: hello: done`, `control: all guests have ended`} {
		assert.Regexp(t, `(?m)^`+line, o.Console)
	}
	requireLog(t, o, `(?m)^domain 1: gone`)
	requireLog(t, o, `(?m)^domain 2: gone`)
}

// A guest that crashes as often as it starts is given up; its neighbour takes no harm, and the host's end tells.
func TestControlDomainGivesUp(t *testing.T) {
	t.Parallel()
	o := boot(t, controlled(t, host.Spec{CPUs: 2}, map[string]string{
		"good": "memory = 48", "bad": "memory = 48\nextra = 'exit=3'\non_crash = 'restart'",
	}))
	require.Equal(t, host.Crashed, o.End, "%v\n%s", o, o.Console)
	for _, line := range []string{
		`good: hello: done`, `bad: hello: go`, `control: it ended 3 times within 10s of its start, the last time by crash`, `guest "bad" has crashed: crash, after`,
	} {
		assert.Regexp(t, `(?m)^`+line, o.Console)
	}
	requireLog(t, o, `(?m)^domain 1: gone`)
}
