package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
	"tuco/tools/tuco/hosts"
)

// flagsOf parses arguments of "tuco up".
func flagsOf(t *testing.T, args ...string) (*pflag.FlagSet, *manageFlags) {
	flags, m := pflag.NewFlagSet("up", pflag.ContinueOnError), &manageFlags{}
	m.add(flags)
	require.NoError(t, flags.Parse(args))
	return flags, m
}

func TestManagement(t *testing.T) {
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	guests, err := packGuests(nil)
	require.NoError(t, err)
	flags, m := flagsOf(t)
	api, err := m.apply(flags, host.QEMU, guests, false)
	require.NoError(t, err)
	assert.Contains(t, guests.words, "api=700")
	assert.Equal(t, ",hostfwd=tcp:"+api.address+"-10.0.2.15:700", api.forward())
	files := filepath.Join(t.TempDir(), "guests.cpio")
	require.NoError(t, guests.ramdisk.Write(files))
	packed, err := os.ReadFile(files)
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(api.token))
	assert.Contains(t, string(packed), hex.EncodeToString(sum[:]))
	assert.NotContains(t, string(packed), api.token, "the token is for who asks")

	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, tokenFile), nil, 0o644))
	var said bytes.Buffer
	forget, err := api.record(dir, &said)
	require.NoError(t, err)
	assert.Equal(t, "tuco: management API at http://"+api.address+", its token in "+filepath.Join(dir, tokenFile)+"\n", said.String())
	h, err := hosts.Last()
	require.NoError(t, err)
	assert.Equal(t, []string{api.address, api.token, dir}, []string{h.Address, h.Token, h.LogDir})
	info, err := os.Stat(filepath.Join(dir, tokenFile))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	forget()
	_, err = hosts.Last()
	assert.ErrorIs(t, err, hosts.ErrNone)
	assert.NoFileExists(t, filepath.Join(dir, tokenFile))
}

func TestNoManagement(t *testing.T) {
	guests := &guestPack{}
	for _, c := range []struct {
		args     []string
		emulator string
		guests   *guestPack
		dryRun   bool
		why      string // empty: there is none, and that is all right
	}{
		{nil, host.QEMU, nil, false, ""},
		{nil, host.Bochs, guests, false, ""},
		{nil, host.QEMU, guests, true, ""},
		{[]string{"--api", "none"}, host.Bochs, nil, true, ""},
		{[]string{"--api", "127.0.0.1:0"}, host.Bochs, guests, false, "--api needs --emulator qemu"},
		{[]string{"--api", "127.0.0.1:0"}, host.QEMU, nil, false, "--api is the control domain's: name guest.cfg files"},
		{[]string{"--api", "127.0.0.1:0"}, host.QEMU, guests, true, "leave it out with --dry-run"},
		{[]string{"--api", "8007"}, host.QEMU, guests, false, "write ADDRESS:PORT, such as 127.0.0.1:8007, or none"},
		{[]string{"--api", "localhost:8007"}, host.QEMU, guests, false, `"localhost" is no IPv4 address`},
		{[]string{"--api", "127.0.0.1:http"}, host.QEMU, guests, false, `"http" is no port`},
	} {
		flags, m := flagsOf(t, c.args...)
		api, err := m.apply(flags, c.emulator, c.guests, c.dryRun)
		assert.Nil(t, api)
		if c.why != "" {
			assert.ErrorIs(t, err, errUsage)
			assert.ErrorContains(t, err, c.why)
			continue
		}
		require.NoError(t, err)
		forget, err := api.record(t.TempDir(), &bytes.Buffer{})
		require.NoError(t, err)
		forget()
		assert.Empty(t, api.forward())
	}
	assert.Empty(t, guests.words)
}

func TestFreeAddress(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, err = freeAddress(l.Addr().String())
	assert.ErrorContains(t, err, "address already in use")
	got, err := freeAddress("127.0.0.1:0")
	require.NoError(t, err)
	assert.NoError(t, listenable(got))
}

func TestKeep(t *testing.T) {
	one := []string{"web.cfg"}
	for _, c := range []struct {
		args     []string
		guests   []string
		terminal bool
		want     bool
	}{
		{nil, one, false, false},
		{nil, one, true, true},
		{nil, nil, true, false}, // the hypervisor alone
		{[]string{"--keep"}, nil, false, true},
		{[]string{"--keep=false"}, one, true, false},
	} {
		flags, m := flagsOf(t, c.args...)
		assert.Equal(t, c.want, m.keeps(flags, c.guests, c.terminal), "%v", c)
	}
}

func TestControlMemory(t *testing.T) {
	_, m := flagsOf(t)
	n, err := m.memoryFor(70*host.MiB, true)
	require.NoError(t, err)
	assert.Equal(t, 70*host.MiB, n)
	_, m = flagsOf(t, "--keep")
	n, err = m.memoryFor(70*host.MiB, false)
	require.NoError(t, err)
	assert.Equal(t, 102*host.MiB, n, "guests come later")
	n, err = m.memoryFor(70*host.MiB, true)
	require.NoError(t, err)
	assert.Equal(t, 70*host.MiB, n, "and their files go to the disk")
	_, m = flagsOf(t, "--keep", "--control-memory", "128M")
	n, err = m.memoryFor(70*host.MiB, true)
	require.NoError(t, err)
	assert.Equal(t, 128*host.MiB, n)
	_, err = m.memoryFor(129*host.MiB, true)
	assert.ErrorContains(t, err, "--control-memory 128M: with these guests the control domain needs 129M")
	_, m = flagsOf(t, "--control-memory", "much")
	_, err = m.memoryFor(70*host.MiB, true)
	assert.ErrorIs(t, err, errUsage)
}
