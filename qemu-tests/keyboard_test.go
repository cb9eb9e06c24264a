//go:build boot

package qemutests

import (
	"io"
	"regexp"
	"strings"
	"sync"
	"time"
)

// A keyboard types on a machine's serial console when the machine has said something.
type keyboard struct {
	io.Reader
	keys *io.PipeWriter
}

func newKeyboard() *keyboard {
	reader, writer := io.Pipe()
	return &keyboard{Reader: reader, keys: writer}
}

// when gives a watcher of the console that types text once it has seen the cue.
func (k *keyboard) when(cue, text string) io.Writer {
	return k.whenSeen(func(seen string) bool { return strings.Contains(seen, cue) }, text)
}

// whenSeen gives one that types text once what it has seen is enough.
func (k *keyboard) whenSeen(enough func(seen string) bool, text string) io.Writer {
	return &watcher{enough: enough, act: func() { go io.WriteString(k.keys, text) }}
}

// A watcher acts once, when a machine's console has shown enough.
type watcher struct {
	enough func(seen string) bool
	act    func()
	mu     sync.Mutex
	seen   strings.Builder
	done   bool
}

func (w *watcher) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.done {
		w.seen.Write(data)
		if w.enough(w.seen.String()) {
			w.done = true
			w.act()
		}
	}
	return len(data), nil
}

// A stopwatch notes when each line of a console came.
type stopwatch struct {
	started time.Time
	mu      sync.Mutex
	line    strings.Builder
	lines   []timedLine
}

type timedLine struct {
	text string
	at   time.Duration // since the start
}

func newStopwatch() *stopwatch { return &stopwatch{started: time.Now()} }

func (s *stopwatch) Write(data []byte) (int, error) {
	now := time.Since(s.started)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range data {
		if c != '\n' {
			s.line.WriteByte(c)
			continue
		}
		s.lines = append(s.lines, timedLine{strings.TrimRight(s.line.String(), "\r"), now})
		s.line.Reset()
	}
	return len(data), nil
}

// find gives the first line that matches a pattern.
func (s *stopwatch) find(pattern string) (timedLine, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	expression := regexp.MustCompile(pattern)
	for _, line := range s.lines {
		if expression.MatchString(line.text) {
			return line, true
		}
	}
	return timedLine{}, false
}
