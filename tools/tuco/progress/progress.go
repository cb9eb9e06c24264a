// Package progress shows how far a slow step is, in a line of a terminal that is written over and over.
package progress

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// width is the bar's, in characters; every, how often it is drawn at most.
const (
	width = 24
	every = 100 * time.Millisecond
)

// Bar is the line of one step.
type Bar struct {
	to    io.Writer
	what  string
	now   func() time.Time
	begun time.Time
	drawn time.Time
}

// New is a bar for a step with a name. Nothing is drawn before the first Tell.
func New(to io.Writer, what string) *Bar {
	return &Bar{to: to, what: what, now: time.Now, begun: time.Now()}
}

// Tell says how many bytes are done, and of how many, or -1 where nobody knows.
func (b *Bar) Tell(done, total int64) {
	now := b.now()
	if now.Sub(b.drawn) < every && done != total {
		return
	}
	b.drawn = now
	rate := float64(done) / max(now.Sub(b.begun).Seconds(), 0.001)
	const clear = "\r\x1b[K"
	if total <= 0 {
		fmt.Fprintf(b.to, clear+"%s  %s  %s/s", b.what, Bytes(done), Bytes(int64(rate)))
		return
	}
	full := int(width * min(done, total) / total)
	fmt.Fprintf(b.to, clear+"%s  [%s%s] %3d %%  %s of %s  %s/s", b.what, strings.Repeat("=", full), strings.Repeat(" ", width-full),
		100*min(done, total)/total, Bytes(done), Bytes(total), Bytes(int64(rate)))
}

// Done takes the line away.
func (b *Bar) Done() {
	if !b.drawn.IsZero() {
		fmt.Fprint(b.to, "\r\x1b[K")
	}
}

// Bytes is a number of bytes for people.
func Bytes(n int64) string {
	value, units := float64(n), []string{"B", "KiB", "MiB", "GiB", "TiB"}
	for value >= 1024 && len(units) > 1 {
		value, units = value/1024, units[1:]
	}
	if units[0] == "B" || value >= 100 || value == float64(int64(value)) {
		return fmt.Sprintf("%.0f %s", value, units[0])
	}
	return fmt.Sprintf("%.1f %s", value, units[0])
}
