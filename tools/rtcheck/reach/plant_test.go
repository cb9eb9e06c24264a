package reach

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// handlers are the redirects of testdata/skeleton/redirects.
func handlers(t *testing.T) []Redirect {
	t.Helper()
	f, err := os.Open("testdata/skeleton/redirects")
	require.NoError(t, err)
	defer f.Close()
	redirects, err := ReadRedirects(f, f.Name())
	require.NoError(t, err)
	return redirects
}

// plant links the skeleton kernel with some files added or replaced, and reads the image.
func plant(t *testing.T, files map[string]string) *Image {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS("testdata/skeleton")))
	for name, text := range files {
		name = filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o777))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o666))
	}
	image := filepath.Join(dir, "kernel.elf")
	build := exec.Command("go", "build", "-trimpath", "-gcflags=tuco/...=-wb=false", "-o", image,
		"-ldflags=-E main.entry -T -0x7fe00000 -buildid= -checklinkname=0", "./kernel")
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-buildvcs=false")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	im, err := Open(image)
	require.NoError(t, err)
	return im
}

// walk checks an image with the skeleton's redirects.
func walk(t *testing.T, im *Image) *Result {
	t.Helper()
	res, err := Walk(im, Config{Module: "tuco", Redirects: handlers(t)})
	require.NoError(t, err)
	return res
}

// spelled joins the findings to one text.
func spelled(res *Result) string {
	var b strings.Builder
	for _, f := range res.Findings {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}

// callPlanted is a kernel/main.go which calls a planted package.
const callPlanted = `package main

import (
	"tuco/kernel/crash"
	"tuco/kernel/planted"
)

var keep uintptr

func entry()

func start() {
	keep = crash.Keep()
	planted.Do(int(keep))
}

func main() {}
`

func itoa(n int) string { return strconv.Itoa(n) }
