package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/config"
	"tuco/tools/tuco/linux"
)

// The guest.cfg beside an image names its files, and is its user's from then on.
func TestLinuxConfig(t *testing.T) {
	dir := t.TempDir()
	image := &linux.Image{Kernel: filepath.Join(dir, "vmlinux"), Initramfs: filepath.Join(dir, "initramfs.cpio")}
	path, err := linuxConfig(image)
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	g, err := config.Parse(path, text)
	require.NoError(t, err)
	assert.Equal(t, []string{"linux", "vmlinux", "initramfs.cpio", "console=hvc0"}, []string{g.Name, g.Kernel, g.Ramdisk, g.Extra})

	require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	again, err := linuxConfig(image)
	require.NoError(t, err)
	assert.Equal(t, path, again)
	text, err = os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "mine", string(text))
}
