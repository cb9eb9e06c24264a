package host

import (
	"io"
	"regexp"
	"sync"
)

// A recorder receives the bytes of the first serial port. It copies them to the user's terminal, writes them without
// carriage returns to the hypervisor's log and to domain 0's console log as they come, and tells of the first closing
// line and of the text that the run is to end at.
type recorder struct {
	log      io.Writer
	console  io.Writer      // domain 0's; the log where there is none
	terminal io.Writer      // nil: nobody is looking
	until    *regexp.Regexp // nil: nothing is waited for
	ended    chan End       // receives the end that the first closing line tells, or Awaited

	mu    sync.Mutex
	split *splitter
	last  []byte // the current line of domain 0's, up to lineMax bytes
	told  bool
}

func newRecorder(v voice, log, console, terminal io.Writer, until *regexp.Regexp) *recorder {
	r := &recorder{log: log, console: console, terminal: terminal, until: until, ended: make(chan End, 1)}
	r.split = newSplitter(v, r.endLine)
	return r
}

func (r *recorder) Write(data []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.terminal != nil {
		// A terminal that went away must not end the run: the log goes on.
		if _, err := r.terminal.Write(data); err != nil {
			r.terminal = nil
		}
	}
	for _, c := range data {
		if c != '\r' {
			r.split.put(c)
		}
	}
	return len(data), r.flush()
}

// flush writes what was parted.
func (r *recorder) flush() error {
	log, console := r.split.log, r.split.console
	r.split.log, r.split.console = log[:0], console[:0]
	if _, err := r.log.Write(log); err != nil {
		return err
	}
	r.look(console)
	_, err := r.console.Write(console)
	return err
}

// close writes what is held back when no more comes.
func (r *recorder) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.split.finish()
	return r.flush()
}

// endLine looks at a line of the hypervisor's.
func (r *recorder) endLine(line string) {
	if end, _ := r.split.closing(line); end != 0 {
		r.tell(end)
	}
	r.await(line)
}

// look looks at domain 0's lines. Also one that has not ended yet, such as a prompt, may be waited for.
func (r *recorder) look(text []byte) {
	for _, c := range text {
		switch {
		case c == '\n':
			r.await(string(r.last))
			r.last = r.last[:0]
		case len(r.last) < lineMax:
			r.last = append(r.last, c)
		}
	}
	r.await(string(r.last))
}

func (r *recorder) await(line string) {
	if r.until != nil && r.until.MatchString(line) {
		r.tell(Awaited)
	}
}

// tell passes the first end on that is seen.
func (r *recorder) tell(end End) {
	if !r.told {
		r.told = true
		r.ended <- end
	}
}

// A tailBuffer keeps the last bytes written to it.
type tailBuffer struct {
	mu   sync.Mutex
	data []byte
}

const tailBufferMax = 64 << 10

func (t *tailBuffer) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.data = append(t.data, data...)
	if len(t.data) > tailBufferMax {
		t.data = t.data[len(t.data)-tailBufferMax:]
	}
	return len(data), nil
}

func (t *tailBuffer) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.data)
}
