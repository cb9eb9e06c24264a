package boottest

import (
	"bytes"
	"regexp"
	"strings"
	"sync"

	"tuco/tools/tuco/host"
)

// A transcript is what a host's console has shown. It is an io.Writer for the bytes of the serial port, and wakes whoever waits
// for more of it.
type transcript struct {
	never  []*regexp.Regexp
	most   host.Size
	woken  chan struct{} // receives when there is more
	rest   []byte        // a line that has not ended
	marked bool          // the line before was the hypervisor's

	mu     sync.Mutex
	guests map[string]*log
	last   *log      // whose line was the last
	bytes  host.Size // that guests have written
	broken string    // what no guest may do, and one has done
	report string    // the last that the control domain has said for people
}

// A log is one guest's.
type log struct {
	name  string
	lines []string
	ended []string // the ways in which it has ended, in the control domain's words
	gone  bool     // it does not come again
}

func newTranscript(t *Test) *transcript {
	w := &transcript{never: t.Never, most: t.MaxConsole, woken: make(chan struct{}, 1), guests: map[string]*log{}}
	for _, name := range t.names() {
		w.guests[name] = &log{name: name}
	}
	return w
}

// Write is io.Writer's.
func (w *transcript) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for rest := data; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		w.rest = append(w.rest, line...)
		if ended {
			w.line(strings.TrimRight(string(host.WithoutTyped(w.rest)), "\r"))
			w.rest = w.rest[:0]
		}
		rest = after
	}
	select {
	case w.woken <- struct{}{}:
	default: // somebody will look anyway
	}
	return len(data), nil
}

// hypervisorMark begins the hypervisor's lines on the console.
const hypervisorMark = "(TUCO) "

// told is what the control domain says about the end of guests.
var told = regexp.MustCompile(`^level=\w+ msg="guest (ended|destroyed|failed)" guest=(\S+)(?: reason=("[^"]*"|\S+))?`)

// line takes a line. One of the hypervisor's may have come in the middle of another: then that goes on behind it.
func (w *transcript) line(text string) {
	text = strings.TrimPrefix(text, "\x00") // so it goes on
	if strings.HasPrefix(text, hypervisorMark) {
		w.marked = true
		return
	}
	behind := w.marked
	w.marked = false
	if m := told.FindStringSubmatch(text); m != nil {
		w.last = nil
		w.event(m[1], w.guests[m[2]], strings.Trim(m[3], `"`))
		return
	}
	name, said, found := strings.Cut(text, ": ")
	l := w.guests[name]
	switch {
	case found && l != nil:
		l.lines = append(l.lines, said)
		w.last = l
	case behind && w.last != nil && !strings.HasPrefix(text, "level=") && !strings.HasPrefix(text, "control: "):
		l, said = w.last, w.last.lines[len(w.last.lines)-1]+text
		l.lines[len(l.lines)-1] = said
	default:
		w.last = nil
		if found && name == "control" {
			w.report = said
		}
		return
	}
	w.judge(l, said)
}

func (w *transcript) event(what string, l *log, reason string) {
	switch {
	case l == nil:
	case what == "ended":
		l.ended = append(l.ended, reason)
	default:
		l.gone = true
	}
}

// judge looks for what no guest may do.
func (w *transcript) judge(l *log, said string) {
	if w.bytes += host.Size(len(said) + 1); w.bytes > w.most && w.broken == "" {
		w.broken = "max_console: the guests have written more than " + w.most.String()
	}
	for _, p := range w.never {
		if w.broken == "" && p.MatchString(said) {
			w.broken = "never: guest " + l.name + " has written " + shorten(said)
		}
	}
}

// look calls a function with the log of a guest.
func (w *transcript) look(guest string, f func(l *log)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w.guests[guest])
}

// text is all that a guest has written.
func (w *transcript) text(guest string) (text string) {
	w.look(guest, func(l *log) {
		if len(l.lines) > 0 {
			text = strings.Join(l.lines, "\n") + "\n"
		}
	})
	return text
}

// lastReport is what the control domain has said last, for people.
func (w *transcript) lastReport() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.report
}

// complaint is what no guest may do, and one has done.
func (w *transcript) complaint() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.broken
}

// shorten makes a line that fits into a report.
func shorten(line string) string {
	const most = 200
	if len(line) <= most {
		return line
	}
	return strings.ToValidUTF8(line[:most], "") + "…"
}
