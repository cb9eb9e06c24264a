//go:build boot

package qemutests

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
	"tuco/tools/tuco/ramdisk"
)

const controlImage = "../out/control.elf"

// controlled is a host whose control domain finds guests in its ramdisk: a guest.cfg by the guest's name, and files
// for them besides two programs. A guest that names no kernel is hello.
func controlled(t *testing.T, spec host.Spec, guests map[string]string, more ...string) host.Spec {
	t.Helper()
	files := ramdisk.Ramdisk{}
	for _, file := range append(more, filepath.Join(programDir, "hello.elf"), filepath.Join(programDir, "tenant.elf")) {
		require.NoError(t, files.Add(file, filepath.Base(file), nil))
	}
	for name, keys := range guests {
		if !strings.Contains(keys, "kernel") {
			keys += "\nkernel = 'hello.elf'"
		}
		files.AddText("guests/"+name+".cfg", fmt.Sprintf("name = %q\n%s", name, keys))
	}
	to := filepath.Join(t.TempDir(), "guests.cpio")
	require.NoError(t, files.Write(to))
	spec.Dom0 = &host.Domain0{Kernel: controlImage, Ramdisk: to, Memory: 96 * host.MiB, Control: true}
	return spec
}

// The control domain makes guests, which live and end side by side. One of them uses the store until it is asked to end, by a
// command on the control domain's console.
func TestControlDomain(t *testing.T) {
	t.Parallel()
	keys := newKeyboard()
	typed := keys.when("the store is as it should be", "list\rpause lodger\runpause lodger\rshutdown lodger\r")
	o := boot(t, controlled(t, host.Spec{CPUs: 2}, map[string]string{
		"one": "memory = 48", "two": "vcpus = 2\nmemory = 64\nextra = 'with words'", "lodger": "memory = 64\nkernel = 'tenant.elf'",
	}), typing(keys), watching(typed))
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	for _, line := range []string{
		`one: hello: done`, `two: hello: go\S+, 2 processors, arguments \["with" "words"\]`, `two: hello: done`,
		`lodger: tenant: lodger, domain \d+: the store is as it should be`, `lodger +\d+ +running +64 +1`, `lodger: tenant: asked to power off`,
		`control: all guests have ended`,
	} {
		assert.Regexp(t, `(?m)^`+line, o.Console)
	}
	for domain := 1; domain <= 3; domain++ {
		requireLog(t, o, fmt.Sprintf(`(?m)^domain %d: gone`, domain))
	}
}

// A guest that crashes is reported and destroyed; its neighbour takes no harm, and the host's end tells.
func TestControlDomainTellsOfCrashes(t *testing.T) {
	t.Parallel()
	o := boot(t, controlled(t, host.Spec{CPUs: 2}, map[string]string{
		"good": "memory = 48", "bad": "memory = 48\nextra = 'exit=3'",
	}))
	require.Equal(t, host.GaveUp, o.End, "%v\n%s", o, o.Console)
	assert.Regexp(t, `^guest "bad" has crashed: crash, after`, o.Reason)
	for _, line := range []string{
		`good: hello: done`, `bad: hello: go`, `control: guest "bad" has crashed: crash, after`,
	} {
		assert.Regexp(t, `(?m)^`+line, o.Console)
	}
	requireLog(t, o, `(?m)^domain 1: gone`)
}
