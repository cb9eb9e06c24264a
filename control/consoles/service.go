// Package consoles gives guests their consoles: it is the toolstack's way to control/console.
//
// A guest's console is known by the guest's name, and lasts until the guest is forgotten: over all of its domains, and over restarts of the daemon. What it writes is kept, shown to who is
// attached, and copied line by line to the control domain's own console.
package consoles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"tuco/control/console"
	"tuco/control/domains"
	"tuco/control/limit"
)

// What a guest's console may use.
const (
	History = 64 << 10 // bytes that are kept
	input   = 4 << 10  // bytes typed that may wait
	rate    = 1 << 20  // bytes written in a second
	burst   = 1 << 20
)

// Link is how a guest's console is reached: its page, and the event channel beside it.
type Link struct {
	Page   *console.Page
	Events interface {
		console.Events
		io.Closer
	}
	Unmap func() error
}

// Service implements domains.Service.
type Service struct {
	// Open reaches a guest's console.
	Open  func(i *domains.Instance) (*Link, error)
	Clock limit.Clock
	Log   *slog.Logger
	To    io.Writer // gets what guests write, line by line
	All   bool      // of that, however much it is

	mu       sync.Mutex
	consoles map[string]*kept
	lines    map[domains.ID]*line
}

// kept is what outlives a domain.
type kept struct {
	console *console.Console
	copied  *copier
}

// line is a domain's.
type line struct {
	kept *kept
	link *Link
	stop context.CancelFunc
	done chan struct{}
}

// Name is domains.Service's.
func (s *Service) Name() string { return "console" }

// Attach is domains.Service's.
func (s *Service) Attach(i *domains.Instance) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lines[i.ID] != nil {
		return errors.New("the guest's console is served already")
	}
	link, err := s.Open(i)
	if err != nil {
		return err
	}
	if s.lines == nil {
		s.lines, s.consoles = map[domains.ID]*line{}, map[string]*kept{}
	}
	name := i.Config.Name
	k := s.consoles[name]
	if k == nil {
		k = &kept{copied: newCopier(name, s.To, s.Clock, s.Log)}
		if s.All {
			k.copied.room = nil
		}
		k.console = console.New(console.Config{
			Name: name, History: History, Input: input, Rate: limit.New(rate, burst), Log: k.copied, Clock: s.Clock, Journal: s.Log,
		})
		s.consoles[name] = k
	}
	s.Log.Info("console attached", "guest", name) // before the first line: it says whose lines begin with the name
	l := &line{kept: k, link: link}
	l.begin()
	s.lines[i.ID] = l
	return nil
}

// begin begins to serve a line.
func (l *line) begin() {
	ctx, stop := context.WithCancel(context.Background())
	l.stop, l.done = stop, make(chan struct{})
	go func() {
		defer close(l.done)
		_ = l.kept.console.Connect(ctx, l.link.Page, l.link.Events) // it is Console.Err too
	}()
}

// end ends that.
func (l *line) end() {
	l.stop()
	<-l.done
}

// Detach is domains.Service's. What the guest has written last is taken too.
func (s *Service) Detach(i *domains.Instance) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines[i.ID]
	if l == nil {
		return nil
	}
	l.end()
	l.kept.copied.flush()
	if l.link.Events != nil {
		_ = l.link.Events.Close()
		l.link.Events = nil
	}
	if err := l.link.Unmap(); err != nil {
		return err
	}
	delete(s.lines, i.ID)
	return nil
}

// Forget ends the console of a guest that is no more. Who is attached reads to its end.
func (s *Service) Forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.consoles[name]; k != nil {
		k.console.Close()
		delete(s.consoles, name)
	}
}

// Clients is how many consoles are served.
func (s *Service) Clients() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.lines)
}

// Restart ends the daemon, and has another go on in the guests' pages where it stopped. What guests have written meanwhile waits there; who is attached stays so.
func (s *Service) Restart(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.lines {
		l.end()
	}
	for _, l := range s.lines {
		if l.link.Events != nil { // else it is being detached
			l.begin()
		}
	}
	return nil
}

// Console is a guest's console.
func (s *Service) Console(guest string) (*console.Console, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := s.consoles[guest]; k != nil {
		return k.console, nil
	}
	return nil, fmt.Errorf("%w: %q has no console; tuco ps lists the guests", domains.ErrNotFound, guest)
}

// Type types a text on a guest's console: all of it, or none if it has no room.
func (s *Service) Type(guest, text string) error {
	c, err := s.Console(guest)
	if err != nil {
		return err
	}
	a, err := c.Attach(0)
	if err != nil {
		return err
	}
	defer a.Detach()
	_, err = a.Write([]byte(text))
	return err
}

// End is the last that a guest has written, for a report of its crash.
func (s *Service) End(i *domains.Instance) (string, error) {
	c, err := s.Console(i.Config.Name)
	if err != nil {
		return "", err
	}
	return string(c.History()), nil
}
