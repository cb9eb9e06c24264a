//go:build boot

package qemutests

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// A guest is given a page of a device's registers and ports, by its guest.cfg; another one beside it can't use them. Who is made when it is gone can be given them.
func TestControlParts(t *testing.T) {
	t.Parallel()
	const parts = "memory = 48\nkernel = 'parts.elf'\n"
	spec := controlled(t, host.Spec{CPUs: 2}, map[string]string{
		"holder": parts + "iomem = ['fed00,1']\nioports = ['510-511']", "beside": parts,
	}, filepath.Join(programDir, "parts.elf"))
	spec.Dom0.Args = "keep"
	s := attend(t, spec)
	s.hearAll(`holder: parts: the timer's maker is 8086, and the ports say "QEMU"`,
		`beside: parts: the timer's maker is not to be seen, and the ports say "\\xff\\xff\\xff\\xff"`)
	for range 2 {
		s.destroyGuest("holder")
		s.say("create holder")
		s.hear(`holder: parts: the timer's maker is 8086, and the ports say "QEMU"`)
	}
	s.say("poweroff")
	o := s.end()
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
}
