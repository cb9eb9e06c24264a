package main

import (
	"fmt"

	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/page"
	"tuco/hypercall"
)

const (
	gigabyte  = 1 << 30 / page.Size
	tableSpan = 512
)

// wide is 1 GiB of addresses with its page tables. All of it maps the scratch pages, over and over.
var wide struct {
	room   *page.Room
	tables [gigabyte / tableSpan]uint64 // machine addresses
	mapped bool
}

// takeWide makes the tables.
func takeWide() error {
	room, err := page.Reserve(gigabyte + tableSpan)
	if err != nil {
		return err
	}
	first := int(-room.Address(0) / page.Size % tableSpan) // where a table begins
	for i := range wide.tables {
		at := first + i*tableSpan
		if err := room.Prepare(at); err != nil {
			return err
		}
		wide.tables[i], _ = mm.Entry(room.Address(at))
	}
	wide.room = room
	return nil
}

// sweep maps all of it, or unmaps it: each table by one batch.
func sweep(mapped bool, send func([]hypercall.MMUUpdate) hypercall.Errno) {
	for _, table := range wide.tables {
		for i, e := range pages.entries {
			pages.updates[i] = hypercall.MMUUpdate{Ptr: table + 8*uint64(i)}
			if mapped {
				pages.updates[i].Val = e.Val
			}
		}
		if err := send(pages.updates[:]); err != 0 {
			check(err)
			return
		}
	}
	wide.mapped = mapped
}

func byCall(updates []hypercall.MMUUpdate) hypercall.Errno {
	_, err := hypercalls.MMUUpdate(updates)
	return err
}

// whole is 1 GiB mapped and unmapped, by either transport, with the guest's own work: it writes the lists.
func whole() (rows []row, err error) {
	for _, by := range []struct {
		name        string
		send        func([]hypercall.MMUUpdate) hypercall.Errno
		open, close func()
	}{{"mmu_update", byCall, func() {}, nil}, {"the update ring", byRing, openRing, closeRing}} {
		for _, mapped := range []bool{true, false} {
			verb := map[bool]string{true: "mapped", false: "unmapped"}[mapped]
			rows = append(rows, row{op: fmt.Sprintf("1 GiB %s by %s, batches of 512, a page", verb, by.name), n: gigabyte, samples: 1,
				before: func() {
					by.open()
					if refused == 0 && wide.mapped == mapped {
						sweep(!mapped, byCall)
					}
				},
				work: func() {
					if refused == 0 {
						sweep(mapped, by.send)
					}
				},
				after: by.close,
			})
		}
	}
	return rows, takeWide()
}
