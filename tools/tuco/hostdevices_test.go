package main

import (
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tuco/tools/tuco/host"
)

func TestDevices(t *testing.T) {
	disk := written(t, "a,b", nil)
	require.NoError(t, os.Truncate(disk, int64(host.MiB)))
	for _, test := range []struct {
		name    string
		flags   deviceFlags
		network bool
		args    []string
		words   []string
	}{
		{"nothing", deviceFlags{}, false, nil, nil},
		{"disk", deviceFlags{disk: disk, volumes: []string{"a=64M", "b=1G"}}, false,
			[]string{"-drive", "if=none,id=disk,format=raw,file=" + disk[:len(disk)-2] + ",,b", "-device", "virtio-blk-pci,drive=disk"},
			[]string{"volume=a:64", "volume=b:1024"}},
		{"network", deviceFlags{}, true, []string{"-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net"}, nil},
		{"forward", deviceFlags{forwards: []string{"8080:web:80", "2222:web:22"}}, true,
			[]string{"-netdev", "user,id=net,hostfwd=tcp:127.0.0.1:8080-10.0.2.15:8080,hostfwd=tcp:127.0.0.1:2222-10.0.2.15:2222", "-device", "virtio-net-pci,netdev=net"},
			[]string{"forward=8080:web:80", "forward=2222:web:22"}},
		{"rate", deviceFlags{rate: "20M"}, false, nil, []string{"disk-rate=20"}},
		{"reach", deviceFlags{reach: true}, true, []string{"-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net"}, []string{"reach-host"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			guests := &guestPack{sources: map[string]string{"web": "web.cfg"}, interfaces: map[string]bool{"web": true}, network: test.network}
			var spec host.Spec
			require.NoError(t, test.flags.apply(&spec, guests))
			assert.Equal(t, test.args, spec.ExtraArgs)
			assert.Equal(t, test.words, guests.words)
		})
	}
	spec := host.Spec{Emulator: host.Bochs}
	require.NoError(t, (&deviceFlags{}).apply(&spec, &guestPack{network: true}))
	assert.Empty(t, spec.ExtraArgs, "Bochs has no such devices: guests reach each other only")
	spec = host.Spec{}
	require.NoError(t, (&deviceFlags{disk: disk}).apply(&spec, nil))
	assert.Len(t, spec.ExtraArgs, 4, "any domain 0 may have it")
}

// What another has is said before anything is started.
func TestDevicesOfOthers(t *testing.T) {
	disk := written(t, "disk", nil)
	require.NoError(t, os.Truncate(disk, int64(host.MiB)))
	flags := deviceFlags{disk: disk}
	require.NoError(t, flags.checkDisk(&host.Spec{}))
	emulator, err := os.Open(disk)
	require.NoError(t, err)
	// QEMU's lock on the right to write.
	require.NoError(t, unix.FcntlFlock(emulator.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_RDLCK, Start: 101, Len: 1}))
	err = flags.checkDisk(&host.Spec{})
	assert.ErrorContains(t, err, disk+" is the disk of a host that runs: end that with tuco down")
	assert.ErrorIs(t, err, errUsage)
	require.NoError(t, emulator.Close())
	require.NoError(t, flags.checkDisk(&host.Spec{}))

	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	flags = deviceFlags{forwards: []string{port + ":web:80"}}
	assert.ErrorContains(t, flags.checkPorts(), "--forward "+port+":web:80: listen tcp4 127.0.0.1:"+port+": bind: address already in use: end what listens there")
	require.NoError(t, l.Close())
	assert.NoError(t, flags.checkPorts())
}
