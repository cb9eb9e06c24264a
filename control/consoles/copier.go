package consoles

import (
	"bytes"
	"fmt"
	"io"

	"tuco/control/console"
)

// copier copies what a guest writes to the control domain's console, each line with the guest's name before it, in one call of Write, and with nothing in it that
// a terminal would obey.
type copier struct {
	name string
	to   io.Writer
	rest []byte
}

// lineMax is how much of a line is waited for, in bytes.
const lineMax = 4096

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
	if line := bytes.TrimRight(c.rest, "\r"); len(line) > 0 {
		fmt.Fprintf(c.to, "%s: %s\n", c.name, console.Printable(line))
	}
	c.rest = c.rest[:0]
}
