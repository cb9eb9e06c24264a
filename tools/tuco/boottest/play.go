package boottest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tuco/control/config"
	"tuco/tools/tuco/host"
)

// A Boot boots the host of a test, with its logs in a directory. What the first serial port puts out goes to output, and what input
// has is typed there. It returns when the host has ended, or when the context has and the host with it: with the cause host.ErrQuit that is no failure.
type Boot func(ctx context.Context, t *Test, dir string, input io.Reader, output io.Writer) (*host.Outcome, error)

// A player does the steps of a test on a host that runs.
type player struct {
	test   *Test
	seen   *transcript
	keys   io.Writer
	done   <-chan struct{} // closed when the host has ended
	cursor map[string]int  // how many of a guest's lines have been looked at, by steps that are done
	ends   map[string]int  // how many of its ends have been waited for
	step   func(n int, s *Step)
}

// A stepError says which step failed.
type stepError struct {
	test *Test
	step *Step
	why  string
}

func (e *stepError) Error() string {
	return fmt.Sprintf("%s:%d: %v: %s", e.test.File, e.step.Line, e.step, e.why)
}

// play does all steps. The error tells what was not as it should be; the context's end is the test's time.
func (p *player) play(ctx context.Context) error {
	for n, s := range p.test.Steps {
		p.step(n, s)
		if why := p.do(ctx, s); why != "" {
			return &stepError{p.test, s, why}
		}
	}
	if why := p.seen.complaint(); why != "" {
		return fmt.Errorf("%s: %s", p.test.File, why)
	}
	for _, name := range p.test.names() {
		var left []string
		p.seen.look(name, func(l *log) { left = l.ended[p.ends[name]:] })
		if k := slices.IndexFunc(left, crashed); k >= 0 {
			return fmt.Errorf("%s: guest %q has ended by %s, which no step waits for", p.test.File, name, left[k])
		}
	}
	return nil
}

func crashed(reason string) bool { return reason != ends["poweroff"] && reason != ends["reboot"] }

// do does a step, and tells why it could not be done; nothing if it was.
func (p *player) do(ctx context.Context, s *Step) string {
	switch s.Kind {
	case Send:
		return p.send(ctx, s)
	case Wait:
		why := p.until(ctx, s.For, func() bool { return false })
		if why == tooLong {
			return ""
		}
		return why
	case End:
		return p.until(ctx, s.Within, func() bool { return p.ended(s) })
	}
	return p.until(ctx, s.Within, p.expected(s))
}

// send types a line. The control domain takes it from the line's beginning to its end.
func (p *player) send(ctx context.Context, s *Step) string {
	typed := make(chan error, 1)
	go func() {
		_, err := fmt.Fprintf(p.keys, "send %s %s\r", s.Guest, s.Text)
		typed <- err
	}()
	select {
	case err := <-typed:
		if err != nil { // nobody is there to read it
			return p.lastWords(ctx)
		}
		return ""
	case <-ctx.Done():
		return p.over(ctx)
	}
}

// expected gives a function that tells whether there is a line that matches.
func (p *player) expected(s *Step) func() bool {
	looked := p.cursor[s.Guest]
	return func() (found bool) {
		p.seen.look(s.Guest, func(l *log) {
			// The last line that was looked at may have grown.
			from := max(p.cursor[s.Guest], looked-1)
			k := slices.IndexFunc(l.lines[from:], s.Pattern.MatchString)
			looked = len(l.lines)
			if found = k >= 0; found {
				p.cursor[s.Guest] = from + k + 1
			}
		})
		return found
	}
}

// ended looks for an end that no step before has had. Of a guest that goes with it, what it has written last is there too when that is told.
func (p *player) ended(s *Step) (found bool) {
	p.seen.look(s.Guest, func(l *log) {
		k := slices.Index(l.ended[p.ends[s.Guest]:], ends[s.How])
		if found = k >= 0 && (l.gone || p.test.action(s) != config.Destroy); found {
			p.ends[s.Guest] += k + 1
		}
	})
	return found
}

// action is what becomes of a guest by the end that a step waits for.
func (t *Test) action(s *Step) config.Action {
	g := t.Guest
	for _, o := range t.Beside {
		if o.Name == s.Guest {
			g = o.Guest
		}
	}
	switch s.How {
	case "poweroff":
		return g.OnPoweroff
	case "reboot":
		return g.OnReboot
	}
	return g.OnCrash
}

// Why a step was not done, besides what a guest may have done.
const (
	tooLong   = "it took too long"
	hostEnded = "the host has ended"
)

// until waits until something is so, and tells why it did not come to that.
func (p *player) until(ctx context.Context, within time.Duration, so func() bool) string {
	var late <-chan time.Time
	if within > 0 {
		timer := time.NewTimer(within)
		defer timer.Stop()
		late = timer.C
	}
	for over := false; ; {
		if why := p.seen.complaint(); why != "" {
			return why
		}
		if so() {
			return ""
		}
		if over {
			return p.lastWords(ctx)
		}
		select {
		case <-p.seen.woken:
		case <-p.done: // and all that it has said is there: look once more
			over = true
		case <-late:
			return tooLong
		case <-ctx.Done():
			return p.over(ctx)
		}
	}
}

// over says why there is no time left.
func (p *player) over(ctx context.Context) string {
	if errors.Is(context.Cause(ctx), errTimeout) {
		return fmt.Sprintf("the test has taken %v", p.test.Timeout)
	}
	return "interrupted"
}

var errTimeout = errors.New("the test's time is up")

// lastWords says how the host came to its end, as far as guests have to do with it.
func (p *player) lastWords(ctx context.Context) string {
	if ctx.Err() != nil { // that is why
		return p.over(ctx)
	}
	said := hostEnded
	for _, name := range p.test.names() {
		p.seen.look(name, func(l *log) {
			if len(l.ended) > 0 {
				said += fmt.Sprintf("; guest %s ended by %s", name, strings.Join(l.ended, ", then "))
			}
		})
	}
	if report := p.seen.lastReport(); said == hostEnded && report != "" {
		said += "; the control domain has said: " + report
	}
	return said
}

// names are all guests'.
func (t *Test) names() []string {
	names := []string{t.Guest.Name}
	for _, o := range t.Beside {
		names = append(names, o.Name)
	}
	return names
}
