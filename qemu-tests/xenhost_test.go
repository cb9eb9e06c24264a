//go:build boot

package qemutests

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/debian"
	"tuco/tools/tuco/host"
)

// cacheDir is where out/tuco, too, keeps what it fetches.
const cacheDir = "../out/cache"

// xenHost is Debian's Xen, which is fetched where it is not yet there.
func xenHost(t *testing.T) host.Spec {
	t.Helper()
	image, err := debian.Cache{Dir: filepath.Join(cacheDir, "debian"), Says: func(text string) { t.Log(text) }}.Xen(t.Context())
	require.NoError(t, err)
	return host.Spec{Hypervisor: host.Xen, Image: image}
}
