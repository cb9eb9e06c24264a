//go:build boot

package qemutests

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// Many guests at once answer, and to make one more costs as much as to make the first.
func TestControlMany(t *testing.T) {
	t.Parallel()
	requireMany(t, 12, host.GiB, 3)
}

// maxGrowth is how many times as much it may cost to make the last of many guests, in instructions.
const maxGrowth = 1.3

// requireMany has so many guests, and makes the last and the first again so many times for their costs: the collector and other guests have their turns in between, so medians are compared.
func requireMany(t *testing.T, count int, memory host.Size, samples int, with ...option) {
	t.Helper()
	guests, network, words := map[string]string{}, "user,id=net,restrict=on", []string{"keep"}
	var names, listen []string
	var sites []*site
	for n := 1; n <= count; n++ {
		name, address := fmt.Sprintf("g%02d", n), fmt.Sprintf("10.77.0.%d", 100+n)
		guests[name] = fmt.Sprintf("memory = 48\nkernel = 'httpd.elf'\nextra = 'ip=%s/24,10.77.0.1'\nvif = ['ip=%s']", address, address)
		outside, between := outsideOf(n, count), 800+n
		network += fmt.Sprintf(",hostfwd=tcp:%s-10.0.2.15:%d", outside, between)
		words = append(words, fmt.Sprintf("forward=%d:%s:80", between, name))
		names, listen, sites = append(names, name), append(listen, listens(name)), append(sites, &site{t, "http://" + outside})
	}
	spec := controlled(t, host.Spec{ICount: true, Memory: memory}, guests, filepath.Join(programDir, "httpd.elf"))
	spec.Dom0.Args = strings.Join(words, " ")
	spec.ExtraArgs = []string{"-netdev", network, "-device", "virtio-net-pci,netdev=net"}
	m := attend(t, spec, with...)
	m.never = regexp.MustCompile(`guest crashed.*|but not all that it had.*`)
	m.hearAll(listen...)
	t.Logf("%d guests listen", count)
	for n, s := range sites {
		_, err := s.ask(http.MethodGet, "/", "", func(status int, page string) bool {
			return status == http.StatusOK && strings.Contains(page, "A guest of Tuco")
		})
		require.NoError(t, err, names[n])
	}
	t.Log("all answer")
	m.destroyGuest(names[count-1])
	last := m.costOf(names[count-1], samples)
	for _, name := range names[:count-1] {
		m.destroyGuest(name)
	}
	first := m.costOf(names[0], samples)
	t.Logf("to make the first of them costs %d instructions, the last %d", first, last)
	require.Less(t, float64(last), maxGrowth*float64(first))
	m.say("poweroff")
	require.Equal(t, host.PoweredOff, m.end().End, "%v\n%s", m.how, m.how.Console)
}

// outsideOf is where the n'th of so many guests is reached from here: an address of the loopback that is this process's alone, since of so many ports of 127.0.0.1 that are free now one may be somebody's a
// moment later.
func outsideOf(n, count int) string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d:%d", 1+pid>>8&127, pid&255, n, 10_000+count)
}

func listens(name string) string { return name + `: httpd: listens on .*` }

func (s *attended) destroyGuest(name string) {
	s.say("destroy " + name)
	s.hear(`level=INFO msg="guest destroyed" guest=` + name)
}

// costOf is how many instructions the control domain spends to make a guest, which has time to start before it goes again.
func (s *attended) costOf(name string, samples int) time.Duration {
	s.t.Helper()
	var costs []time.Duration
	for range samples {
		s.say("create " + name)
		match := s.hear(`level=INFO msg="guest created" guest=` + name + ` .* spent=(\S+)`)
		cost, err := time.ParseDuration(match[1])
		require.NoError(s.t, err)
		require.Positive(s.t, cost)
		costs = append(costs, cost)
		s.hear(listens(name))
		s.destroyGuest(name)
	}
	slices.Sort(costs)
	s.t.Log(name, costs)
	return costs[len(costs)/2]
}
