package consoles

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"

	"tuco/control/console"
	"tuco/control/limit"
)

// copier copies what a guest writes to the control domain's console, each line with the guest's name before it, in one call of Write, and with nothing in it that
// a terminal would obey.
//
// Somebody keeps all of that in a file, and other guests' lines have to get through: of a guest that writes without end, lines are left out of the copy, and it is said how many. Its own
// console has them.
type copier struct {
	name string
	to   io.Writer
	log  *slog.Logger
	rest []byte

	room   *limit.Bucket // bytes that may be copied; nil: any
	clock  limit.Clock
	credit int // of them, taken already

	lines, bytes int // left out since the last line
}

// lineMax is how much of a line is waited for, in bytes.
const lineMax = 4096

// How much is copied: so much at once, so much in a second from then on, and in pieces of this size, so that what is left out is in one piece too. Each is in bytes.
const (
	copyBurst = 2 << 20
	copyRate  = 16 << 10
	copyPiece = 32 << 10
)

func newCopier(name string, to io.Writer, clock limit.Clock, log *slog.Logger) *copier {
	return &copier{name: name, to: to, log: log, room: limit.New(copyRate, copyBurst), clock: clock}
}

// Write takes some of what the guest writes.
func (c *copier) Write(text []byte) (int, error) {
	n := len(text)
	for len(text) > 0 {
		before, after, found := bytes.Cut(text, []byte("\n"))
		room := min(len(before), lineMax-len(c.rest))
		c.rest = append(c.rest, before[:room]...)
		switch {
		case room < len(before):
			after = text[room:]
			c.flush()
		case found:
			c.flush()
		}
		text = after
	}
	return n, nil
}

// flush ends the line that there is.
func (c *copier) flush() {
	if line := bytes.TrimRight(c.rest, "\r"); len(line) > 0 && c.may(len(line)) {
		text := console.Printable(line)
		c.credit -= len(text) - len(line)
		fmt.Fprintf(c.to, "%s: %s\n", c.name, text)
	}
	c.rest = c.rest[:0]
}

// may tells whether a line of some bytes is copied. It says when lines begin to be left out, and how many were.
func (c *copier) may(size int) bool {
	if c.credit < size {
		if !c.room.Allow(copyPiece, c.clock.Now()) {
			if c.lines == 0 {
				c.log.Warn("the guest writes more than is copied here: its own console has it", "guest", c.name)
			}
			c.lines++
			c.bytes += size
			return false
		}
		c.credit += copyPiece
	}
	c.credit -= size
	if c.lines > 0 {
		c.log.Warn("lines of the guest's were left out here", "guest", c.name, "lines", c.lines, "bytes", c.bytes)
		c.lines, c.bytes = 0, 0
	}
	return true
}
