package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const skeleton = "reach/testdata/skeleton"

// build links the skeleton kernel, which is clean when redirected.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(skeleton)))
	image := filepath.Join(dir, "kernel.elf")
	cmd := exec.Command("go", "build", "-trimpath", "-gcflags=tuco/...=-wb=false", "-o", image,
		"-ldflags=-E main.entry -T -0x7fe00000 -buildid= -checklinkname=0", "./kernel")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-buildvcs=false")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return image
}

func TestCommand(t *testing.T) {
	image := build(t)
	broken := filepath.Join(t.TempDir(), "broken")
	require.NoError(t, os.WriteFile(broken, []byte("runtime.memmove\n"), 0o666))
	for name, c := range map[string]struct {
		args           []string
		status         int
		stdout, stderr string
	}{
		"clean": {[]string{"-redirects", skeleton + "/redirects", "-xmm", "X14-X15", image}, 0,
			"XMM registers used: X14-X15", ""},
		"offence": {[]string{"-redirect", "runtime.memmove=tuco/kernel/crash.move", image}, 1,
			"functions reachable", "tuco/kernel/x.F → runtime.gopanic: "},
		"registers": {[]string{"-redirects", skeleton + "/redirects", "-xmm", "none", image}, 1,
			"", "this uses X14, and only none are saved"},
		"list": {[]string{"-redirects", skeleton + "/redirects", "-list", image}, 0,
			" tuco/kernel/x.half\n", ""},
		"why": {[]string{"-redirects", skeleton + "/redirects", "-why", "tuco/kernel/crash.targets", image}, 0,
			"main.entry → main.start → tuco/kernel/crash.targets\n", ""},
		"why not":        {[]string{"-redirects", skeleton + "/redirects", "-why", "runtime.main", image}, 0, "runtime.main is not reachable\n", ""},
		"no image":       {nil, 2, "", "usage: rtcheck"},
		"missing image":  {[]string{"/nonexistent"}, 2, "", "no such file"},
		"not an image":   {[]string{broken}, 2, "", "bad magic number"},
		"bad redirect":   {[]string{"-redirect", "runtime.memmove", image}, 2, "", "want FROM=TO"},
		"bad redirects":  {[]string{"-redirects", broken, image}, 2, "", "broken:1: want FROM TO"},
		"bad registers":  {[]string{"-xmm", "X99", image}, 2, "", "is not a list of vector registers"},
		"missing target": {[]string{"-redirect", "runtime.memmove=main.gone", image}, 2, "", "the image has no function main.gone"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, c.status, run(c.args, &stdout, &stderr), stderr.String())
			assert.Contains(t, stdout.String(), c.stdout)
			assert.Contains(t, stderr.String(), c.stderr)
		})
	}
}
