package main

import (
	"fmt"
	"log/slog"
	"os"
	"slices"
	"unsafe"

	"tuco/control/console"
	"tuco/control/consoles"
	"tuco/control/domains"
	"tuco/control/hypervisor"
	"tuco/control/limit"
	"tuco/guestlib/evtchn"
)

// copyAll on the command line has all of what guests write copied to our own console, for somebody there who sets limits himself.
const copyAll = "copy-all"

// newConsoles serves guests' consoles by the pages that they were built with.
func newConsoles(h *hypervisor.Host, words []string, log *slog.Logger) *consoles.Service {
	open := func(i *domains.Instance) (*consoles.Link, error) {
		page, err := h.Map(i.ID, i.Rings.Console)
		if err != nil {
			return nil, err
		}
		channel, err := evtchn.BindInterdomain(i.ID.Dom, i.Rings.ConsolePort)
		if err != nil {
			if bad := page.Unmap(); bad != nil {
				err = fmt.Errorf("%w; its page stays mapped: %w", err, bad)
			}
			return nil, err
		}
		return &consoles.Link{
			Page: (*console.Page)(unsafe.Pointer(unsafe.SliceData(page.Page(0)))), Events: channel, Unmap: page.Unmap,
		}, nil
	}
	return &consoles.Service{Open: open, Clock: limit.System{}, Log: log, To: os.Stdout, All: slices.Contains(words, copyAll)}
}
