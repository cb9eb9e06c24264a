package guest

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is no longer a package's file goes, and nothing outside of where the modules' packages are.
func TestMakeLinks(t *testing.T) {
	root, other := t.TempDir(), filepath.Join(t.TempDir(), "a.go")
	require.NoError(t, os.WriteFile(other, []byte("package a\n"), 0o644))
	a, b, bin := filepath.Join(vendored, "x", "a.go"), filepath.Join(vendored, "x", "b.go"), filepath.Join("bin", "go")
	for _, want := range []map[string]string{
		{a: other, b: other, bin: other},
		{a: other, b: other},
		{b: other},
		{a: other},
	} {
		require.NoError(t, makeLinks(root, want))
		want[bin] = other
		got := map[string]string{}
		require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			name, err := filepath.Rel(root, path)
			require.NoError(t, err)
			got[name], err = os.Readlink(path)
			return err
		}))
		require.Equal(t, want, got)
	}
}

// A file with a line that the compiler refuses in the standard library is copied without it.
func TestAllowed(t *testing.T) {
	dir := t.TempDir()
	var b builder
	for name, text := range map[string]string{
		"plain.go":  "package a\n\nfunc f() {}\n",
		"inline.go": "package a\n\n//go:inline\nfunc f() {}\n",
	} {
		path, copied := filepath.Join(dir, name), filepath.Join(dir, "copies", name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		got, err := b.allowed(path, copied)
		require.NoError(t, err)
		if name == "plain.go" {
			require.Equal(t, path, got)
			continue
		}
		require.Equal(t, copied, got)
		content, err := os.ReadFile(copied)
		require.NoError(t, err)
		require.Equal(t, "package a\n\nfunc f() {}\n", string(content))
	}
}
