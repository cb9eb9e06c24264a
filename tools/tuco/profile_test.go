package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// countingQEMU is a QEMU that counts one block, prints, counts it again, and powers off.
const countingQEMU = `
for word; do case $word in *,table=*) table=${word#*,table=};; esac; done
word() { printf "\\$1\0\0\0\0\0\0\0"; }
count() { { word 20; word 3; word $1; word 0; } | dd of="$table" bs=32 seek=1 conv=notrunc status=none; }
count 1
echo begin
sleep 0.3
count 5
echo end
sleep 0.3
count 7
echo "tuco: power off"
`

func TestProfile(t *testing.T) {
	image := fakeQEMU(t, countingQEMU)
	plugin := besideTool("profile.so")
	require.NoError(t, os.WriteFile(plugin, nil, 0o644))
	t.Cleanup(func() { os.Remove(plugin) })
	for _, test := range []struct {
		args []string
		sum  string
	}{
		{nil, "              21 100.00                            all\n"},
		{[]string{"--from", "^begin$"}, "              18 100.00                            all\n"},
		{[]string{"--until", "^end$"}, "              15 100.00                            all\n"},
		{[]string{"--from", "^begin$", "--until", "end"}, "              12 100.00                            all\n"},
		{[]string{"--per", "2"}, "           10.50 100.00                            all\n"},
	} {
		dir := t.TempDir()
		status, out, errs := tool(t, append([]string{"profile", "--image", image, "--log-dir", dir}, test.args...)...)
		require.Zero(t, status, "%s", errs)
		assert.Contains(t, out, test.sum, "%q", test.args)
		assert.NoFileExists(t, dir+"/blocks")
	}
	for want, args := range map[string][]string{
		`--from: no line matched "never"`:  {"--from", "never"},
		`--until: no line matched "begin"`: {"--from", "begin", "--until", "begin"},
	} {
		status, _, errs := tool(t, append([]string{"profile", "--image", image}, args...)...)
		assert.Equal(t, exitFailure, status)
		assert.Contains(t, errs, want)
	}
	for want, args := range map[string][]string{
		"--top -1: want a number of functions": {"--top", "-1"},
		"--per 0: want a number of operations": {"--per", "0"},
		"--from: error parsing regexp":         {"--from", "("},
		"--window x: want two functions":       {"--window", "x"},
		`has a function "x" (go tool nm`:       {"--window", "x,y"},
		"x+y: want a number such as 0x10":      {"--window", "x+y,z"},
		"--emulator bochs: QEMU alone counts":  {"--emulator", "bochs"},
	} {
		status, _, errs := tool(t, append([]string{"profile", "--image", image}, args...)...)
		assert.Equal(t, exitUsage, status)
		assert.Contains(t, errs, want)
	}
}

func TestProfileNeedsThePlugin(t *testing.T) {
	status, _, errs := tool(t, "profile", "--image", fakeQEMU(t, countingQEMU))
	assert.Equal(t, exitUsage, status)
	assert.Contains(t, errs, "profile.so does not exist: make builds it")
}
