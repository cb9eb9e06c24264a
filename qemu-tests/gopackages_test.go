//go:build boot

package qemutests

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// goPackages are packages whose own tests run in guests, ours among them; their long tests are shortened.
var goPackages = []string{
	"sync", "sync/atomic", "time", "container/heap", "container/list", "container/ring", "sort", "strings", "bytes", "strconv",
	"encoding/json", "compress/gzip", "crypto/sha256",
	"tuco/guestlib/calls",
	"tuco/guestlib/files",
	"tuco/guestlib/soft",
	"tuco/guestlib/sockets",
	"tuco/guestlib/evtchn",
	"tuco/guestlib/grant",
	"tuco/guestlib/page",
	"tuco/guestlib/xenbus",
	"tuco/guestlib/balloon",
}

// forLong is tests that take long in an emulator though they are short: one moves memory by REP MOVS all the time.
const forLong = "^TestCVE202230631$"

// countLine is what tests of packages close with.
var countLine = regexp.MustCompile(`(?m)^(\d+) passed, (\d+) failed, (\d+) skipped$`)

// testGo runs the tests of packages in a guest for each, side by side.
func testGo(t *testing.T, packages []string, flags ...string) {
	for _, name := range packages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append(append([]string{"test-go"}, flags...), name)
			out, err := exec.CommandContext(t.Context(), "../out/tuco", args...).CombinedOutput()
			require.NoError(t, err, "%s", out)
			count := countLine.FindSubmatch(out)
			require.NotNil(t, count, "%s", out)
			require.NotEqual(t, "0", string(count[1]), "no test passed")
			if strings.HasPrefix(name, "tuco/") {
				require.Equal(t, "0", string(count[3]), "our own tests need nothing that a guest does not have")
			}
			t.Logf("%s", out)
		})
	}
}

// The Go distribution's own tests, each package's in a guest.
func TestGoPackages(t *testing.T) {
	t.Parallel()
	testGo(t, goPackages, "--short", "--skip", forLong)
}
