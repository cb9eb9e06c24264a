//go:build boot

package qemutests

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/mkbundle"
	"tuco/tools/tuco/host"
)

// guestDir is where make puts the test guests: see qemu-tests/guests/pv.
const guestDir = "../out/guests"

// A guest is a domain of a boot bundle.
type guest struct {
	name   string
	kernel string // one of guestDir
	args   string
	memory host.Size // 8M if 0
	keys   string    // further lines of boot.cfg
}

// bundleOf makes a boot bundle.
func bundleOf(t *testing.T, guests ...guest) (path string) {
	t.Helper()
	var config strings.Builder
	var files []mkbundle.File
	added := map[string]bool{}
	for _, g := range guests {
		if !added[g.kernel] {
			added[g.kernel] = true
			data, err := os.ReadFile(filepath.Join(guestDir, g.kernel))
			require.NoError(t, err)
			files = append(files, mkbundle.File{Name: g.kernel, Data: data})
		}
		if g.memory == 0 {
			g.memory = 8 * host.MiB
		}
		fmt.Fprintf(&config, "name %s\nkernel %s\nargs %s\nmemory %v\n%s\n", g.name, g.kernel, g.args, g.memory, g.keys)
	}
	files = append(files, mkbundle.File{Name: mkbundle.ConfigName, Data: []byte(config.String())})
	archive, err := mkbundle.Bytes(files)
	require.NoError(t, err)
	path = filepath.Join(t.TempDir(), "bundle.cpio")
	require.NoError(t, os.WriteFile(path, archive, 0o644))
	return path
}
