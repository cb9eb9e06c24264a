//go:build boot

package qemutests

import (
	"os"
	"path/filepath"
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
	disk := emptyDisk(t)
	require.NoError(t, os.Truncate(disk, 128<<20)) // with room for kernels
	start := func(guests map[string]string, files ...string) *attended {
		spec := controlled(t, host.Spec{CPUs: 2}, guests, files...)
		spec.Dom0.Args, spec.Dom0.Memory = "volume=data:4", 128*host.MiB
		spec.ExtraArgs = diskFile(disk)
		return attend(t, spec)
	}
	ends := func(s *attended) (said string) {
		t.Helper()
		o := s.end()
		require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
		return o.Console
	}

	s := start(map[string]string{"kept": kept, "gone": "memory = 48"}, traffic)
	s.hear(`gone: hello: done`)
	s.hear(`level=INFO msg="guest destroyed" guest=gone`)
	s.hear(`kept: traffic: line \d+: blocks \d\d.*`)
	s.say("poweroff")
	said := ends(s)
	assert.Contains(t, said, "kept: traffic: disk: found 0 blocks, and 0 torn")
	assert.Contains(t, said, "kept: traffic: ok")

	s = start(nil)
	s.hear(`kept: traffic: disk: found [1-9]\d+ blocks, and 0 torn.*`)
	s.hear(`kept: traffic: line \d+: blocks \d\d.*`)
	s.kill()
	<-s.over
	assert.NotContains(t, s.text(), "guest=gone")

	s = start(map[string]string{"kept": kept + "vcpus = 2"}, traffic)
	s.hearAll(`kept: traffic: disk: found [1-9]\d+ blocks.*`, `kept: traffic: line 1:.*`)
	s.say("list")
	s.hear(`kept +\d+ +running +80 +2 *`)
	s.say("destroy kept")
	assert.Contains(t, ends(s), `described anew: the record's description goes" guest=kept`)

	s = start(nil)
	s.hear(`control: there is no guest to start: none is on record.*`)
	require.Equal(t, host.GaveUp, s.end().End)
}
