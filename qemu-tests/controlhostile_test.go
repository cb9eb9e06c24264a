//go:build boot

package qemutests

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// rogueGuest is a guest that does what a guest must not.
var rogueGuest = filepath.Join(programDir, "rogue.elf")

// A guest attacks all back ends that it has, and floods the store. It is disconnected, which is logged; and two guests beside it, one of which uses its disk
// and its network all the time, take no harm.
func TestControlHostileFrontEnds(t *testing.T) {
	t.Parallel()
	spec := controlled(t, host.Spec{CPUs: 2}, map[string]string{
		"web": "memory = 96\nkernel = 'httpd.elf'\nextra = 'ip=10.77.0.10/24,10.77.0.1'\nvif = ['ip=10.77.0.10']",
		"good": "memory = 96\nkernel = 'devices.elf'\nextra = 'address=10.77.0.11/24 again=http://10.77.0.10/echo'\n" +
			"vif = ['ip=10.77.0.11']\ndisk = ['vol:good,xvda,w']",
		"rogue": "memory = 64\nvcpus = 2\nkernel = 'rogue.elf'\nextra = 'devices'\n" +
			"vif = ['ip=10.77.0.66', 'ip=10.77.0.67']\ndisk = ['vol:bad,xvda,w', 'vol:worse,xvdb,w']",
	}, devicesGuest, rogueGuest, filepath.Join(programDir, "httpd.elf"))
	spec.Dom0.Args, spec.Dom0.Memory = "volume=good:4 volume=bad:4 volume=worse:4", 128*host.MiB
	keys := newKeyboard()
	attacked := keys.whenSeen(func(seen string) bool {
		return strings.Contains(seen, `msg="guest ended" guest=rogue`) && strings.Contains(seen, "good: devices: round 1:")
	}, "shutdown good\r")
	answered := keys.when("good: devices: ok", "destroy web\r")
	o := boot(t, spec, typing(keys), watching(io.MultiWriter(attacked, answered)))
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	requireNoLog(t, o, `(?m)^(bug|error): `)
	const disconnected = `level=WARN msg=disconnected device=`
	for _, line := range []string{
		`rogue: rogue: all was refused`, `good: devices: round \d+: what was written and sent came back`, `good: devices: ok`, `control: all guests have ended`,
		`level=WARN msg="a domain's connection to the store is given up" domain=2 error=".*index`, `level=WARN msg="console disconnected" guest=rogue reason=".*index`,
		disconnected + `vbd/\d+/51712 reason="\S*/ring-ref0 says .*which is no number`,
		disconnected + `vbd/\d+/51712 reason=".*bind to a port of another domain`,
		disconnected + `vbd/\d+/51728 reason="the front end does what it must not: the peer's ring index is impossible"`,
		disconnected + `vif/\d+/0 reason="\S*/tx-ring-ref: .*map a grant`,
		disconnected + `vif/\d+/0 reason="the front end does what it must not: the slots of a frame don't fit together`,
		disconnected + `vif/\d+/1 reason="the front end does what it must not: the peer's ring index is impossible"`,
	} {
		assert.Regexp(t, `(?m)^`+line, o.Console)
	}
	assert.NotContains(t, o.Console, "panicked")
	assert.NotRegexp(t, disconnected+`v(bd|if)/[^2]`, o.Console, "only the rogue, which is domain 2, is disconnected")
}

// A guest reaches for other guests' frames, grants, ports and nodes in the store, while they use them. Another one, which is started twice, looks for what an earlier
// guest has left in memory and on the host's disk.
func TestControlSpies(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	require.NoError(t, os.Truncate(path, 76<<20)) // with the kernels on it, the heir's second volume has room only where its first was
	spec := controlled(t, host.Spec{CPUs: 2, Memory: 512 * host.MiB}, map[string]string{
		"web": "memory = 96\nkernel = 'httpd.elf'\nextra = 'ip=10.77.0.10/24,10.77.0.1'\nvif = ['ip=10.77.0.10']",
		"good": "memory = 96\nkernel = 'devices.elf'\nextra = 'address=10.77.0.11/24 again=http://10.77.0.10/echo'\n" +
			"vif = ['ip=10.77.0.11']\ndisk = ['vol:good,xvda,w']",
		"spy":  "memory = 48\nkernel = 'rogue.elf'\nextra = 'spy'",
		"heir": "memory = 48\nkernel = 'rogue.elf'\nextra = 'remains'\ndisk = ['vol:first,xvda,w', 'vol:second,xvdb,w']",
	}, devicesGuest, rogueGuest, filepath.Join(programDir, "httpd.elf"))
	spec.Dom0.Args = "volume=good:2 volume=first:24 volume=second:24"
	spec.ExtraArgs = []string{"-drive", "if=none,id=disk,format=raw,file=" + path, "-device", "virtio-blk-pci,drive=disk"}
	keys := newKeyboard()
	over := keys.whenSeen(func(seen string) bool {
		return strings.Contains(seen, `msg="guest destroyed" guest=heir`) && strings.Contains(seen, `msg="guest ended" guest=spy`) &&
			strings.Contains(seen, "good: devices: round 1:")
	}, "shutdown good\r")
	answered := keys.when("good: devices: ok", "destroy web\r")
	o := boot(t, spec, typing(keys), watching(io.MultiWriter(over, answered)))
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	requireNoLog(t, o, `(?m)^(bug|error): `)
	for _, line := range []string{
		`spy: rogue: frames: \d+ of \d+ tries with this domain's own were let through, and none of \d+ with others`,
		`spy: rogue: others' frames as tables: \d+ tries were refused`,
		`spy: rogue: other domains: \d+ calls were refused`, `spy: rogue: others' grants: \d+ uses were refused`,
		`spy: rogue: others' ports: \d+ connections were refused`, `spy: rogue: others' nodes: \d+ times the permission was denied`, `spy: rogue: all was refused`,
		`heir: rogue: secrets are left in \d{4,} pages and 25165824 bytes of a disk`,
		`heir: rogue: what was left in memory: nothing of it is in \d+ pages, of which the domain before had \d+`,
		`heir: rogue: what was left on disks: nothing of it is in 25165824 bytes`, `heir: rogue: all was refused`,
		`good: devices: ok`,
	} {
		assert.Regexp(t, `(?m)^`+line, o.Console)
	}
}
