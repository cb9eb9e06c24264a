//go:build boot

package qemutests

import (
	"context"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/console"
	"tuco/tools/tuco/host"
)

// An attended machine is one that a test talks to, line by line, while it runs. It is the test's goroutine that does.
type attended struct {
	t        *testing.T
	keyboard *io.PipeWriter
	kill     context.CancelFunc // kills the emulator at once
	over     chan struct{}      // closed when the machine has ended; then there is:
	how      *host.Outcome
	err      error

	read  int            // what the test has heard
	never *regexp.Regexp // what must not come; nil: anything may

	mu   sync.Mutex
	seen strings.Builder
	more chan struct{} // closed when there is more
}

// attend boots a machine. The test may leave it running.
func attend(t *testing.T, spec host.Spec, with ...option) *attended {
	t.Helper()
	reader, writer := io.Pipe()
	s := &attended{t: t, keyboard: writer, over: make(chan struct{}), more: make(chan struct{})}
	plan, options := planned(t, spec, append([]option{typing(reader), watching(s)}, with...))
	ctx, kill := context.WithCancel(context.Background())
	s.kill = kill
	go func() {
		defer close(s.over)
		s.how, s.err = host.Run(ctx, plan, options)
		reader.Close() // nobody listens any more
	}()
	t.Cleanup(func() {
		kill()
		<-s.over
		if s.err == nil {
			showFailure(t, plan, s.how)
		}
	})
	return s
}

// Write takes what the console shows.
func (s *attended) Write(data []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen.Write(data)
	close(s.more)
	s.more = make(chan struct{})
	return len(data), nil
}

// say types a line.
func (s *attended) say(line string) {
	s.t.Helper()
	s.press(line + "\r")
}

// press types keys.
func (s *attended) press(keys string) {
	s.t.Helper()
	_, err := io.WriteString(s.keyboard, keys)
	require.NoError(s.t, err, "typing %q: the machine has ended", keys)
}

// hear waits for a line, behind those heard before, and returns its submatches. Patterns are for whole lines. That the machine ends without it fails the test.
func (s *attended) hear(pattern string) (match []string) {
	s.t.Helper()
	line := lineOf(pattern)
	s.until(pattern, func(lines string) (end int) {
		if at := line.FindStringIndex(lines); at != nil {
			match = line.FindStringSubmatch(lines[at[0]:at[1]])[1:]
			return at[1]
		}
		return 0
	})
	return match
}

// hearAll waits for several lines, in whatever order they come.
func (s *attended) hearAll(patterns ...string) {
	s.t.Helper()
	for _, p := range patterns {
		s.until(p, func(lines string) int {
			if lineOf(p).MatchString(lines) {
				return -1
			}
			return 0
		})
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read = strings.LastIndexByte(s.seen.String(), '\n') + 1
}

// lineOf is for a line, in which something may have been typed before it: the control domain erases that from the screen.
func lineOf(pattern string) *regexp.Regexp {
	return regexp.MustCompile(`(?m)^(?:.*` + regexp.QuoteMeta(console.Erase) + `)?(` + pattern + `)\r?$`)
}

// until waits until whole lines that were not heard yet have something; what ends there is heard then.
func (s *attended) until(what string, have func(lines string) (end int)) {
	s.t.Helper()
	for {
		s.mu.Lock()
		text, more := s.seen.String(), s.more
		s.mu.Unlock()
		if s.never != nil {
			if bad := s.never.FindString(text); bad != "" {
				require.FailNow(s.t, "the machine has said: "+bad)
			}
		}
		if end := have(text[s.read:max(s.read, strings.LastIndexByte(text, '\n')+1)]); end != 0 {
			s.read += max(end, 0)
			return
		}
		select {
		case <-more:
		case <-s.over:
			select {
			case <-more: // the last words
			default:
				require.FailNow(s.t, "the machine has ended", "it has not said: %s\n%v, %v", what, s.how, s.err)
			}
		}
	}
}

// text is all that the console has shown.
func (s *attended) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seen.String()
}

// sleep lets the machine run on for some time, or until it ends.
func (s *attended) sleep(long time.Duration) {
	select {
	case <-time.After(long):
	case <-s.over:
	}
}

// end waits for the machine's end.
func (s *attended) end() *host.Outcome {
	s.t.Helper()
	<-s.over
	require.NoError(s.t, s.err)
	return s.how
}
