package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
	"unsafe"

	"tuco/control/build"
	"tuco/control/hypervisor"
	"tuco/guestlib/evtchn"
	"tuco/guestlib/hostctl"
	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/ring/console"
	"tuco/ring/xenstore"
)

const pages = 40 << 20 / 4096

// guest is a domain whose store and console are in this program's hands.
type guest struct {
	*hostctl.Domain
	rings   [2]build.Mapping
	store   *xenstore.Page
	console *console.Page

	storeEvents, consoleEvents *evtchn.Channel
}

// make makes a guest that does not run yet.
func (m *machine) make(args string) (g *guest, err error) {
	plan, err := build.Prepare(&build.Spec{Kernel: bytes.NewReader(m.kernel), Args: args, Pages: pages, Features: m.features})
	if err != nil {
		return nil, err
	}
	g = &guest{}
	if g.Domain, err = m.host.Create(hostctl.Spec{Name: "wary", Pages: pages, VCPUs: 1}); err != nil {
		return nil, err
	}
	d := hypervisor.Domain{Domain: g.Domain}
	rings, err := plan.Build(d)
	if err != nil {
		return nil, err
	}
	for i, page := range [...]frame.MFN{rings.Store, rings.Console} {
		if g.rings[i], err = d.Map([]frame.MFN{page}); err != nil {
			return nil, err
		}
	}
	g.store = (*xenstore.Page)(unsafe.Pointer(unsafe.SliceData(g.rings[0].Page(0))))
	g.console = (*console.Page)(unsafe.Pointer(unsafe.SliceData(g.rings[1].Page(0))))
	if g.storeEvents, err = evtchn.BindInterdomain(g.ID, rings.StorePort); err != nil {
		return nil, err
	}
	g.consoleEvents, err = evtchn.BindInterdomain(g.ID, rings.ConsolePort)
	return g, err
}

// run lets a guest run to its end, which has to be a good one.
func (g *guest) run() error {
	if err := g.Unpause(); err != nil {
		return err
	}
	const pause = 20 * time.Millisecond
	for {
		info, err := g.Info()
		switch {
		case err != nil:
			return err
		case info.Flags&hypercall.CONTROLDOM_shutdown == 0:
			time.Sleep(pause)
			continue
		case info.Reason != hypercall.SHUTDOWN_poweroff:
			return fmt.Errorf("the guest has ended for reason %d, and was to power off", info.Reason)
		}
		return nil
	}
}

// destroy takes a guest apart.
func (g *guest) destroy() error {
	// The store's daemon, and the console's, have closed their channels if they were told to.
	_, _ = g.storeEvents.Close(), g.consoleEvents.Close()
	err := errors.Join(g.rings[0].Unmap(), g.rings[1].Unmap())
	return errors.Join(err, g.Destroy(context.Background()))
}

// text is what a guest has written on its console so far.
type text struct {
	mu  sync.Mutex
	all bytes.Buffer
}

// Write implements io.Writer: it is shown, too.
func (t *text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Printf("%s", p)
	return t.all.Write(p)
}

func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.all.String()
}
