//go:build boot && long

package qemutests

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// Stock Linux is a guest on VT-x, to its shell: with a disk in the host's memory, and a network that ends in the host. That takes four minutes on a machine that has
// nothing else to do.
func TestControlDomainLinuxOnBochs(t *testing.T) {
	image, err := linuxImage()
	require.NoError(t, err)
	keys := newKeyboard()
	typed := keys.when("This is a shell in the guest", "send l poweroff\r") // the serial port has room for 16 characters, and Bochs loses more
	spec := controlled(t, host.Spec{Emulator: host.Bochs, Vendor: host.Intel, Memory: host.GiB}, map[string]string{
		"l": fmt.Sprintf("memory = 256\nkernel = %q\nramdisk = %q\ndisk = ['vol:data,xvda,w']\nvif = ['']\nextra = 'console=hvc0 tuco.store tuco.disk=4M'",
			filepath.Base(image.Kernel), filepath.Base(image.Initramfs)),
	}, image.Kernel, image.Initramfs)
	spec.Dom0.Memory, spec.Dom0.Args = 256*host.MiB, "volume=data:16"
	o := boot(t, spec, typing(keys), watching(typed), within(time.Hour))
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	for _, line := range []string{
		`.*Linux version`, `linuxload: net: eth0 has 10\.77\.0\.\d+/24`, `linuxload: store: passed`, `linuxload: disk: passed: 4 MiB in `, `.*reboot: (System halted|Power down)`,
	} {
		assert.Regexp(t, `(?m)^l: `+line, o.Console)
	}
	requireLog(t, o, `(?m)^vendor: Intel`)
}
