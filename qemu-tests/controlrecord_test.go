//go:build boot

package qemutests

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// A host that starts again with its disk has the guests that ran when it ended, with their kernels, disks and networks, though nobody names them; after a power cut too. A guest.cfg stands above the
// record, and a guest that was destroyed, or has ended by itself, is gone.
func TestControlRecord(t *testing.T) {
	t.Parallel()
	const kept = "memory = 80\nkernel = 'traffic.elf'\nextra = 'address=10.77.0.10/24'\nvif = ['ip=10.77.0.10']\ndisk = ['vol:data,xvda,w']\n"
	traffic := filepath.Join(programDir, "traffic.elf")
	disk := filepath.Join(t.TempDir(), "disk")
	require.NoError(t, os.WriteFile(disk, nil, 0o600))
	require.NoError(t, os.Truncate(disk, 128<<20))
	start := func(guests map[string]string, talk func(d *dialogue), files ...string) (*host.Outcome, string) {
		spec := controlled(t, host.Spec{CPUs: 2}, guests, files...)
		spec.Dom0.Args, spec.Dom0.Memory = "volume=data:4", 128*host.MiB
		spec.ExtraArgs = []string{"-drive", "if=none,id=disk,format=raw,file=" + disk, "-device", "virtio-blk-pci,drive=disk"}
		d := newDialogue(t)
		go func() {
			defer d.end()
			talk(d)
		}()
		// The control domain's answer comes as a whole line; what is typed may be shown in pieces, with a guest's lines in between.
		cut := func(o *host.Options) { o.Until = regexp.MustCompile(`control: there is no command "cut"`) }
		o := boot(t, spec, typing(d), watching(d), cut)
		return o, o.Console
	}

	o, said := start(map[string]string{"kept": kept, "gone": "memory = 48"}, func(d *dialogue) {
		d.hear(`gone: hello: done`)
		d.hear(`msg="guest destroyed" guest=gone`)
		d.hear(`kept: traffic: line \d+: blocks \d\d`)
		d.say("poweroff")
	}, traffic)
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, said)
	assert.Contains(t, said, "kept: traffic: disk: found 0 blocks, and 0 torn")
	assert.Contains(t, said, "kept: traffic: ok")

	o, said = start(nil, func(d *dialogue) {
		d.hear(`kept: traffic: line \d+: blocks \d\d`)
		d.say("cut the power")
	})
	require.Equal(t, host.Awaited, o.End, "%v\n%s", o, said)
	assert.Regexp(t, `kept: traffic: disk: found [1-9]\d+ blocks, and 0 torn`, said)
	assert.NotContains(t, said, "guest=gone")

	o, said = start(map[string]string{"kept": kept + "vcpus = 2"}, func(d *dialogue) {
		d.hear(`kept: traffic: line 1:`)
		d.say("list")
		d.hear(`kept +\d+ +running +80 +2`)
		d.say("destroy kept")
	}, traffic)
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, said)
	assert.Regexp(t, `kept: traffic: disk: found [1-9]\d+ blocks`, said)
	assert.Contains(t, said, `described anew: the record's description goes" guest=kept`)
	assert.Regexp(t, `kept +\d+ +running +80 +2`, said)

	o, said = start(nil, func(*dialogue) {})
	require.Equal(t, host.Crashed, o.End, "%v\n%s", o, said)
	assert.Contains(t, said, "control: there is no guest to start: none is on record")
}
