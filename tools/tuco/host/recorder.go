package host

import (
	"bytes"
	"io"
	"sync"
)

// A recorder receives the bytes of the first serial port. It writes them to the log as they come, without carriage
// returns, copies them to the user's terminal, and tells of the first closing line.
type recorder struct {
	log     io.Writer
	console io.Writer // nil: nobody is looking
	closed  chan End  // receives the end that the first closing line tells

	mu   sync.Mutex
	line []byte // the current line, up to lineMax bytes
	seen bool
}

// lineMax is longer than any closing line; of a longer line the rest is not looked at.
const lineMax = 1024

func newRecorder(log, console io.Writer) *recorder {
	return &recorder{log: log, console: console, closed: make(chan End, 1)}
}

func (r *recorder) Write(data []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.console != nil {
		// A terminal that went away must not end the run: the log goes on.
		if _, err := r.console.Write(data); err != nil {
			r.console = nil
		}
	}
	text := bytes.ReplaceAll(data, []byte("\r"), nil)
	if _, err := r.log.Write(text); err != nil {
		return 0, err
	}
	for _, c := range text {
		switch {
		case c == '\n':
			r.endLine()
		case len(r.line) < lineMax:
			r.line = append(r.line, c)
		}
	}
	return len(data), nil
}

func (r *recorder) endLine() {
	if end, _ := closing(string(r.line)); end != 0 && !r.seen {
		r.seen = true
		r.closed <- end
	}
	r.line = r.line[:0]
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
