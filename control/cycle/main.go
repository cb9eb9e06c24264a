// Command cycle tries the control interface, as domain 0: it makes a domain of a kernel in its ramdisk, lets it run, sees it
// end and destroys it, many times, and has the hypervisor's counts before and after compared. It also does what no control
// domain should.
//
// Its arguments are times=N; scarce=no, to leave out the last two, which take long; ends=FILE, a kernel that shuts down soon; runs=FILE, one that does not; and denied=FILE, one that
// is refused the interface, and then shuts down.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"tuco/guestlib/evtchn"
	"tuco/guestlib/hostctl"
	"tuco/hypercall"
)

// trial is what the trials have in common.
type trial struct {
	host  *hostctl.Host
	ended *evtchn.Channel // VIRQ_DOM_EXC
	words map[string]string
}

func main() {
	t := &trial{words: map[string]string{"times": "20"}}
	for _, word := range os.Args[1:] {
		if key, value, ok := strings.Cut(word, "="); ok {
			t.words[key] = value
		}
	}
	if err := t.all(); err != nil {
		fmt.Println("cycle:", err)
		os.Exit(1)
	}
	fmt.Println("cycle: ok")
}

func (t *trial) all() (err error) {
	if t.host, err = hostctl.Open(); err != nil {
		return err
	}
	if t.ended, err = evtchn.BindVIRQ(hypercall.VIRQ_DOM_EXC, 0); err != nil {
		return err
	}
	times, err := strconv.Atoi(t.words["times"])
	if err != nil {
		return err
	}
	trials := []struct {
		name string
		do   func() error
	}{
		{"cycles", func() error { return t.cycles(times) }},
		{"pauses", t.pauses},
		{"several at once", func() error { return t.together(min(times/4, 5)) }},
		{"use of a frame", t.inUse},
		{"the interface denied", t.denied},
		{"refusals", t.refusals},
		{"nonsense", func() error { return t.nonsense(1000 * times) }},
		{"all numbers", t.allNumbers},
		{"no memory", t.noMemory},
	}
	if t.words["scarce"] == "no" {
		trials = trials[:len(trials)-2]
	}
	for _, try := range trials {
		if err := t.same(try.do); err != nil {
			return fmt.Errorf("%s: %w", try.name, err)
		}
		fmt.Println("cycle:", try.name)
	}
	return nil
}

// counts is what has to be the same when all domains are gone that were made.
type counts struct {
	free           uint64 // pages, with those that the hypervisor keeps for records
	domains        int
	ports          uint32
	mapped, shared uint64
}

func (t *trial) counts() (c counts, err error) {
	m, err := t.host.Machine()
	if err != nil {
		return c, err
	}
	list, err := t.host.List()
	if err != nil {
		return c, err
	}
	c.free, c.domains = m.Free+m.Kept, len(list)
	for _, d := range list {
		c.ports += d.Ports
		c.mapped += d.Mapped
		c.shared += d.Shared
	}
	return c, nil
}

// same does something that leaves nothing behind.
func (t *trial) same(do func() error) error {
	before, err := t.counts()
	if err != nil {
		return err
	}
	if err := do(); err != nil {
		return err
	}
	after, err := t.counts()
	if err == nil && after != before {
		err = fmt.Errorf("something is left behind: there was %+v, and there is %+v", before, after)
	}
	return err
}

// until waits until something is true of a domain, which each end of a domain may change.
func (t *trial) until(d *hostctl.Domain, is func(hypercall.ControlDomain, error) bool) (hypercall.ControlDomain, error) {
	for {
		info, err := d.Info()
		if is(info, err) {
			return info, err
		}
		if err != nil {
			return info, err
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		err = t.ended.Wait(ctx)
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			return info, err
		}
	}
}
