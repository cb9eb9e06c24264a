package host

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// ControlLogName is the name of the log of what a control domain itself says.
const ControlLogName = "control.log"

// GuestLogName is the name of the log of what a guest of a control domain says.
func GuestLogName(guest string) string { return guest + ".console.log" }

// announced begins the line by which a control domain says that lines with a guest's name before them are the guest's from now on. No guest can write such a line, because each of its own has
// its name before it.
const announced = `level=INFO msg="console attached" guest=`

// erased is how a control domain clears the line of its console where somebody types, for what is said meanwhile. What was typed comes again below. No guest can write it:
// the control domain writes control characters of guests as text.
const erased = "\x1b[K"

// WithoutTyped is a line of a control domain's console without what somebody was about to type there when it came.
func WithoutTyped(line []byte) []byte {
	if k := bytes.LastIndex(line, []byte(erased)); k >= 0 {
		return line[k+len(erased):]
	}
	return line
}

// guestLogs parts the console of a control domain: a line with a guest's name and a colon before it is the guest's, and what is behind them goes to its log; every other line is the control
// domain's own, such as what was typed, which has a mark before it. What somebody was about to type there when a line came is no part of that.
type guestLogs struct {
	dir     string
	control *os.File
	guests  map[string]*os.File
	line    []byte // that has not ended
}

func openGuestLogs(dir string) (*guestLogs, error) {
	control, err := os.Create(filepath.Join(dir, ControlLogName))
	if err != nil {
		return nil, err
	}
	return &guestLogs{dir: dir, control: control, guests: map[string]*os.File{}}, nil
}

// Write takes some of the console.
func (g *guestLogs) Write(text []byte) (int, error) {
	n := len(text)
	for len(text) > 0 {
		before, after, ended := bytes.Cut(text, []byte("\n"))
		g.line = append(g.line, before...)
		if ended {
			if err := g.end(); err != nil {
				return 0, err
			}
		}
		text = after
	}
	return n, nil
}

// end files a line.
func (g *guestLogs) end() error {
	line := append(g.line, '\n')
	g.line = line[:0]
	line = WithoutTyped(line)
	if name, rest, is := bytes.Cut(line, []byte(": ")); is {
		if to := g.guests[string(name)]; to != nil {
			_, err := to.Write(rest)
			return err
		}
	}
	if name, is := bytes.CutPrefix(line, []byte(announced)); is {
		if err := g.open(string(name[:len(name)-1])); err != nil {
			return err
		}
	}
	_, err := g.control.Write(line)
	return err
}

// open begins a guest's log, unless it has one.
func (g *guestLogs) open(name string) (err error) {
	if g.guests[name] != nil || name != filepath.Base(name) {
		return nil
	}
	g.guests[name], err = os.Create(filepath.Join(g.dir, GuestLogName(name)))
	return err
}

// close ends the logs. A line that has not ended is ended.
func (g *guestLogs) close() (err error) {
	if len(g.line) > 0 {
		err = g.end()
	}
	for _, f := range g.guests {
		err = errors.Join(err, f.Close())
	}
	return errors.Join(err, g.control.Close())
}

// A control domain that ends its host because something is wrong says what, and then ends by itself with this status: any other has not come so far.
const (
	reason     = "control: "
	givesUp    = "guest: exit status 1"
	reasonMost = 500 // bytes of it that fit into a line
)

// lastWord is what the control domain has said of why it has ended the host, in one line; nothing if it hasn't. It is for when the logs have ended.
func (g *guestLogs) lastWord() (string, error) {
	text, err := os.ReadFile(g.control.Name())
	if err != nil {
		return "", err
	}
	said, is := strings.CutSuffix(strings.TrimRight(string(text), "\n"), "\n"+givesUp)
	if !is {
		return "", nil
	}
	k := strings.LastIndex("\n"+said, "\n"+reason)
	if k < 0 {
		return "", nil
	}
	word := strings.Join(strings.Fields(strings.ReplaceAll(said[k+len(reason):], "\n", "; ")), " ")
	if len(word) > reasonMost {
		word = strings.ToValidUTF8(word[:reasonMost], "") + "…"
	}
	return word, nil
}
