//go:build boot

package qemutests

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/tuco/host"
)

// All daemons are restarted, several times, while guests write their disks, send each other blocks, count on their consoles and change the store. The guests, which check every
// byte, go on after each restart, and at the end nothing of their consoles is missing either.
func TestControlDaemons(t *testing.T) {
	t.Parallel()
	const guest = "memory = 80\nkernel = 'traffic.elf'\n"
	spec := controlled(t, host.Spec{CPUs: 2}, map[string]string{
		"echo": guest + "extra = 'address=10.77.0.10/24'\nvif = ['ip=10.77.0.10']\ndisk = ['vol:echo,xvda,w']",
		"asks": guest + "extra = 'address=10.77.0.11/24 peer=10.77.0.10'\nvif = ['ip=10.77.0.11']\ndisk = ['vol:asks,xvda,w']",
	}, filepath.Join(programDir, "traffic.elf"))
	spec.Dom0.Args, spec.Dom0.Memory = "volume=echo:4 volume=asks:4", 128*host.MiB
	talk := attend(t, spec)
	goesOn(talk)
	for range 3 {
		for _, daemon := range [...]string{"block", "network", "console", "store"} {
			talk.say("restart " + daemon)
			talk.hear(`level=INFO msg="daemon restarted" daemon=` + daemon + `.*`)
		}
		goesOn(talk)
	}
	// What is typed while guests write gets into no line of theirs, and passes for none.
	for _, key := range "echo: typed" {
		talk.press(string(key))
		talk.hear(`echo: traffic: line .*`)
	}
	talk.say("")
	talk.hear(`control: there is no command "echo:".*`)
	talk.say("daemons")
	talk.hearAll(`block +3 .*`, `network +3 .*`, `console +3 .*`, `store +3 .*`)
	talk.say("shutdown asks")
	talk.hear(`asks: traffic: ok: blocks \d+ changes \d+.*`)
	talk.say("shutdown echo")
	talk.hear(`echo: traffic: ok: blocks \d+ changes \d+.*`)
	o := talk.end()
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(o.LogPath), name))
		require.NoError(t, err)
		return string(text)
	}
	for _, guest := range [...]string{"echo", "asks"} {
		requireEachLine(t, read(host.GuestLogName(guest)))
	}
	assert.Contains(t, read(host.ControlLogName), "\n> echo: typed\n")
	for domain := 1; domain <= 2; domain++ {
		requireLog(t, o, fmt.Sprintf(`(?m)^domain %d: gone`, domain))
	}
}

// requireEachLine requires that each line with which a guest counts is in its log, once and in order, and no line of others.
func requireEachLine(t *testing.T, log string) {
	t.Helper()
	n := 0
	for line := range strings.Lines(log) {
		require.NotRegexp(t, `^(> |level=|control: |echo: |asks: )`, line)
		if count, counts := strings.CutPrefix(line, "traffic: line "); counts {
			require.Regexp(t, fmt.Sprintf(`^%d: `, n), count)
			n++
		}
	}
	require.NotZero(t, n)
}

// goesOn waits until both guests have done more of everything than they tell now.
func goesOn(talk *attended) {
	for _, guest := range [...]string{"echo", "asks"} {
		var before []int
		for {
			now := numbers(talk.hear(guest + `: traffic: line \d+:.*`)[0])
			if before == nil {
				before = now
			} else if more(before, now) {
				break
			}
		}
	}
}

func numbers(text string) (all []int) {
	for _, word := range regexp.MustCompile(`\d+`).FindAllString(text, -1) {
		n, _ := strconv.Atoi(word)
		all = append(all, n)
	}
	return all
}

// more tells whether all numbers are greater than before.
func more(before, now []int) bool {
	for i := range before {
		if now[i] <= before[i] {
			return false
		}
	}
	return true
}
