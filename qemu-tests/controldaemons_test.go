//go:build boot

package qemutests

import (
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
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
	talk := newDialogue(t)
	go func() {
		defer talk.end()
		talk.goesOn()
		for range 3 {
			for _, daemon := range [...]string{"block", "network", "console", "store"} {
				talk.say("restart " + daemon)
				talk.hear(`level=INFO msg="daemon restarted" daemon=` + daemon)
			}
			talk.goesOn()
		}
		talk.say("daemons")
		talk.say("shutdown asks")
		talk.hear(`asks: traffic: ok`)
		talk.say("shutdown echo")
	}()
	o := boot(t, spec, typing(talk), watching(talk))
	require.Equal(t, host.PoweredOff, o.End, "%v\n%s", o, o.Console)
	for _, guest := range [...]string{"echo", "asks"} {
		assert.Regexp(t, guest+`: traffic: ok: blocks \d+ changes \d+`, o.Console)
		requireEachLine(t, o.Console, guest)
	}
	for _, daemon := range [...]string{"block", "network", "console", "store"} {
		assert.Regexp(t, `(?m)^`+daemon+` +3 `, o.Console)
	}
	for domain := 1; domain <= 2; domain++ {
		requireLog(t, o, fmt.Sprintf(`(?m)^domain %d: gone`, domain))
	}
}

// requireEachLine requires that each line with which a guest counts is there, once and in order.
func requireEachLine(t *testing.T, console, guest string) {
	t.Helper()
	lines := regexp.MustCompile(guest+`: traffic: line (\d+):`).FindAllStringSubmatch(console, -1)
	require.NotEmpty(t, lines)
	for n, line := range lines {
		require.Equal(t, strconv.Itoa(n), line[1], "%s: after line %d", guest, n-1)
	}
}

// A dialogue is held with a control domain by its console: what is heard is a condition of what is said next.
type dialogue struct {
	t *testing.T
	*keyboard
	heard chan string // what the console shows, a piece at a time
	text  string
	at    int // what was understood of it
}

func newDialogue(t *testing.T) *dialogue {
	return &dialogue{t: t, keyboard: newKeyboard(), heard: make(chan string, 1<<16)}
}

// Write takes what the console shows.
func (d *dialogue) Write(text []byte) (int, error) {
	select {
	case d.heard <- string(text):
	default: // nobody listens any more
	}
	return len(text), nil
}

// say types a line.
func (d *dialogue) say(line string) { _, _ = io.WriteString(d.keys, line+"\r") }

// hear waits until something is shown, behind what was heard before, and returns it.
func (d *dialogue) hear(pattern string) string {
	want := regexp.MustCompile(pattern)
	for {
		if found := want.FindStringIndex(d.text[d.at:]); found != nil {
			begin := d.at + found[0]
			d.at += found[1]
			return d.text[begin:d.at]
		}
		select {
		case text := <-d.heard:
			d.text += text
		case <-d.t.Context().Done():
			return "" // the boot is over, and shows what was missing
		}
	}
}

// end ends it.
func (d *dialogue) end() { _ = d.keys.Close() }

// goesOn waits until both guests have done more of everything than they tell now.
func (d *dialogue) goesOn() {
	for _, guest := range [...]string{"echo", "asks"} {
		var before []int
		for d.t.Context().Err() == nil {
			now := numbers(d.hear(guest + `: traffic: line \d+:.*\n`))
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
