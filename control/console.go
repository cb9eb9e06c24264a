package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"unsafe"

	"tuco/control/build"
	"tuco/control/domains"
	"tuco/control/hypervisor"
	"tuco/guestlib/evtchn"
	"tuco/ring"
	layout "tuco/ring/console"
)

// consoles copies what guests write on their consoles, line by line with the guest's name.
type consoles struct {
	host *hypervisor.Host
	to   io.Writer

	mu   sync.Mutex
	open map[domains.ID]*console
}

func newConsoles(h *hypervisor.Host, to io.Writer) *consoles {
	return &consoles{host: h, to: to, open: map[domains.ID]*console{}}
}

// console is one guest's.
type console struct {
	lines   lines
	out     ring.Bytes // of run's goroutine
	in      ring.Bytes // under the consoles' lock
	page    build.Mapping
	channel *evtchn.Channel
	stop    context.CancelFunc
	done    chan struct{}
}

// Name is domains.Service's.
func (c *consoles) Name() string { return "console" }

// Attach is domains.Service's.
func (c *consoles) Attach(i *domains.Instance) error {
	page, err := c.host.Map(i.ID, i.Rings.Console)
	if err != nil {
		return err
	}
	channel, err := evtchn.BindInterdomain(i.ID.Dom, i.Rings.ConsolePort)
	if err != nil {
		page.Unmap()
		return err
	}
	out, in := (*layout.Page)(unsafe.Pointer(unsafe.SliceData(page.Page(0)))).Daemon()
	ctx, stop := context.WithCancel(context.Background())
	one := &console{
		lines: lines{name: i.Config.Name, to: c.to}, page: page, channel: channel, stop: stop, done: make(chan struct{}),
		out: out, in: in,
	}
	go one.run(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[i.ID] = one
	return nil
}

// Detach is domains.Service's. What the guest has written last is copied too.
func (c *consoles) Detach(i *domains.Instance) error {
	c.mu.Lock()
	one := c.open[i.ID]
	c.mu.Unlock()
	if one == nil {
		return nil
	}
	one.stop()
	<-one.done
	c.mu.Lock()
	defer c.mu.Unlock()
	if one.channel != nil {
		one.channel.Close()
		one.channel = nil // nobody types any more
	}
	if err := one.page.Unmap(); err != nil {
		return err
	}
	delete(c.open, i.ID)
	return nil
}

// Type types a text on a guest's console, as far as it has room.
func (c *consoles) Type(name, text string) error {
	c.mu.Lock()
	defer c.mu.Unlock() // so that the page stays
	for _, one := range c.open {
		if one.lines.name == name && one.channel != nil {
			return one.put(text)
		}
	}
	return fmt.Errorf("there is no console of a guest %q", name)
}

// put puts a text into the page. The consoles' lock is held.
func (c *console) put(text string) error {
	n, err := c.in.Put([]byte(text))
	c.channel.Notify()
	switch {
	case err != nil:
		return fmt.Errorf("console of guest %q: %w", c.lines.name, err)
	case n < len(text):
		return fmt.Errorf("guest %q does not read its console: %d bytes had no room", c.lines.name, len(text)-n)
	}
	return nil
}

// run takes what comes until it is told to stop, or the guest has spoilt its ring.
func (c *console) run(ctx context.Context) {
	defer close(c.done)
	defer c.lines.flush()
	for {
		bad := c.take()
		if bad != nil {
			fmt.Fprintf(c.lines.to, "control: console of guest %q: %v; it is not read any more\n", c.lines.name, bad)
			return
		}
		if c.channel.Wait(ctx) != nil {
			c.take()
			return
		}
	}
}

// take copies what there is.
func (c *console) take() error {
	var some [512]byte
	for {
		n, err := c.out.Take(some[:])
		if n == 0 || err != nil {
			return err
		}
		c.lines.write(some[:n])
		c.channel.Notify() // there is room
	}
}

// lines puts a name before each line.
type lines struct {
	name string
	to   io.Writer
	rest []byte
}

// lineMax is how much of a line is waited for.
const lineMax = 4096

func (l *lines) write(text []byte) {
	for len(text) > 0 {
		before, after, found := bytes.Cut(text, []byte("\n"))
		l.rest = append(l.rest, before...)
		if found || len(l.rest) >= lineMax {
			l.flush()
		}
		text = after
	}
}

// flush ends the line that there is.
func (l *lines) flush() {
	if line := bytes.TrimRight(l.rest, "\r"); len(line) > 0 {
		fmt.Fprintf(l.to, "%s: %s\n", l.name, line)
	}
	l.rest = l.rest[:0]
}
