package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A guide stands between the control domain's console and the user, and says where to look when there is something to see.
type guide struct {
	url        string
	disk, logs string

	mu       sync.Mutex
	to       io.Writer
	line     []byte // the console's last, which has not ended
	answered time.Duration
	shell    bool
	told     bool
}

// before is an upFlags.shows.
func (g *guide) before(to io.Writer) io.Writer {
	g.to = to
	return g
}

// shellCue is in the line by which Linux' init tells that there is a shell.
const shellCue = "linux: This is a shell in the guest"

// Write is io.Writer's.
func (g *guide) Write(data []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	n, err := g.to.Write(data)
	for _, c := range data {
		if g.line = append(g.line, c); c == '\n' {
			g.shell = g.shell || strings.HasPrefix(string(g.line), shellCue)
			g.line = g.line[:0]
		}
	}
	g.tell()
	return n, err
}

// ask asks the web server until it answers, and notes how long after the emulator's start that is.
func (g *guide) ask(ctx context.Context, started time.Time) {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for !g.fetch(ctx, client) {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.answered = time.Since(started)
	g.say(fmt.Sprintf("tuco: web answers at %s, %.1f s after QEMU's start", g.url, g.answered.Seconds()))
	g.tell()
}

func (g *guide) fetch(ctx context.Context, client *http.Client) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url, nil)
	if err != nil {
		return false
	}
	answer, err := client.Do(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err == nil && answer.StatusCode == http.StatusOK
}

// tell says once what there is, when all of it is there.
func (g *guide) tell() {
	if g.told || g.answered == 0 || !g.shell {
		return
	}
	g.told = true
	g.say(`
This is a host with three guests:
  web    a web server in Go; its files are on a disk of its own, and stay:
             curl ` + g.url + `
             curl -T README.md ` + g.url + `files/readme
  asker  a Go program that asks web for its page, and tells when the answer changes
  linux  Debian's Linux with a shell, which a line here is typed to:
             send linux uname -a
The terminal is the control domain's console: help lists what it knows. Try: list, reboot web, destroy asker.
In another terminal: out/tuco ps, out/tuco console linux, out/tuco top.
The host's disk is ` + g.disk + `; its logs are in ` + g.logs + `.
Ctrl-] ends the host.
`)
}

// say writes lines of the guide's own. The lock is held. What has begun on the terminal is ended first.
func (g *guide) say(text string) {
	if len(g.line) > 0 {
		text = "\n" + text
	}
	// A terminal that went away is no reason to end the host.
	_, _ = io.WriteString(g.to, text+"\n")
}
