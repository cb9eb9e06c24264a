//go:build boot && xen

package qemutests

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
	"tuco/tools/tuco/linux"
)

// cacheDir is where out/tuco, too, keeps what it fetches.
const cacheDir = "../out/cache"

// linuxImage is Debian's kernel and the initramfs with the load, which are made where they are not there.
var linuxImage = sync.OnceValues(func() (*linux.Image, error) {
	return linux.Make(context.Background(), linux.Options{Flavour: "amd64", Dir: "../out/linux-amd64", Source: "..", Cache: cacheDir})
})

// linuxDomain0 is stock Linux as domain 0, with some words on its command line besides those that it needs.
func linuxDomain0(t *testing.T, words string) *host.Domain0 {
	t.Helper()
	image, err := linuxImage()
	require.NoError(t, err)
	return &host.Domain0{Kernel: image.Kernel, Ramdisk: image.Initramfs, Args: linux.Domain0Args + " " + words}
}

// A load is work for the machine's Linux: see guests/linuxload.
type load struct {
	forks, mib int
	end        string
}

func (l load) words() string {
	return fmt.Sprintf("tuco.forks=%d tuco.map=%dM tuco.end=%s", l.forks, l.mib, l.end)
}

// requireLoad requires that Linux did all of a load.
func requireLoad(t *testing.T, outcome *host.Outcome, l load) {
	t.Helper()
	for _, want := range []string{
		fmt.Sprintf("forks: passed: %d processes in ", l.forks), fmt.Sprintf("map: passed: %d MiB in ", l.mib), "end: " + l.end,
	} {
		require.Contains(t, outcome.Console, "linuxload: "+want)
	}
}

// complaint matches what Linux says when something is wrong with it or with the machine.
var complaint = regexp.MustCompile(`(?i)\bbug\b|\boops\b|warning|call trace|general protection|page fault|unable|fail|error|mismatch|(xen|hvc).*-\d+$`)

// stamp is the time in front of the kernel's lines.
var stamp = regexp.MustCompile(`^\[ *\d+\.\d+\] `)

// complaints gives the lines of a console that complain, without times and numbers that differ from boot to boot, each
// once.
func complaints(console string) []string {
	var found []string
	for line := range strings.Lines(console) {
		line = stamp.ReplaceAllString(strings.TrimSpace(line), "")
		if complaint.MatchString(line) && !slices.Contains(found, line) {
			found = append(found, line)
		}
	}
	return found
}
