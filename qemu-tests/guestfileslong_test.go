//go:build boot && long

package qemutests

import "testing"

// Go's own tests of what stands on files.
func TestGoFilePackages(t *testing.T) {
	t.Parallel()
	testGo(t, []string{"os", "os/user", "io", "io/fs", "io/ioutil", "path/filepath", "embed/internal/embedtest", "testing/fstest"})
}
