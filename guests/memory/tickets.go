package main

import (
	"errors"
	"fmt"

	"tuco/guestlib"
	"tuco/guestlib/gate"
	"tuco/guestlib/mm"
	"tuco/guestlib/page"
	"tuco/hypercall"
)

// tickets maps a page, and looks at it before and after its ticket is done. Whatever else the program does may send the
// queue, so that it takes some tries to be early. Where the queue is a ring, the look itself is such a thing: the fault is an exit.
func tickets() error {
	run, room, err := pageAndRoom(1)
	if err != nil {
		return err
	}
	run.Bytes()[0] = 42
	early := 0
	for range 20 {
		t, err := room.MapLater(0, run.Frame(0))
		if err != nil {
			return err
		}
		before := t.Done()
		seen := readable(room.Bytes(0, 1))
		switch after := t.Done(); {
		case seen && !after:
			return errors.New("a page is mapped before its ticket is done")
		case !before:
			early++
		}
		if err := t.Wait(); err != nil {
			return err
		}
		if !t.Done() || !readable(room.Bytes(0, 1)) || room.Bytes(0, 1)[0] != 42 {
			return errors.New("a page whose ticket was waited for is not there")
		}
		if err := room.Unmap(0); err != nil {
			return err
		}
	}
	if early == 0 {
		return errors.New("no ticket was open after its update was asked for")
	}
	return errors.Join(room.Free(), run.Free())
}

// badEntry asks for three mappings in a batch, of which the hypervisor must refuse the second: of a page table, writable.
func badEntry() error {
	run, room, err := pageAndRoom(3)
	if err != nil {
		return err
	}
	run.Bytes()[0] = 43
	machine, _ := mm.Entry(room.Address(0))
	frames := [...]hypercall.XenPFN{run.Frame(0), hypercall.XenPFN(machine / page.Size), run.Frame(0)}
	before := guestlib.Paging()
	var all [len(frames)]page.Ticket
	for i, frame := range frames {
		if all[i], err = room.MapLater(i, frame); err != nil {
			return err
		}
	}
	for i, t := range all {
		bad := i == 1
		if err := t.Wait(); (err != nil) != bad {
			return fmt.Errorf("ticket %d of 3: %v", i+1, err)
		}
		if readable(room.Bytes(i, 1)) == bad {
			return fmt.Errorf("page %d of 3: mapped: %t", i+1, bad)
		}
	}
	if after := guestlib.Paging(); after.Failed != before.Failed+1 {
		return fmt.Errorf("%d updates were refused, not one", after.Failed-before.Failed)
	}
	return errors.Join(room.Unmap(0), room.Unmap(2), room.Free(), run.Free())
}

// takenBack asks for mappings, and takes them away without having waited for them: they must not come after that.
func takenBack() error {
	run, room, err := pageAndRoom(1)
	if err != nil {
		return err
	}
	for range 20 {
		t, err := room.MapLater(0, run.Frame(0))
		if err != nil {
			return err
		}
		if err := errors.Join(room.Unmap(0), t.Wait()); err != nil {
			return err
		}
		if readable(room.Bytes(0, 1)) {
			return errors.New("a mapping that was taken back has come after all")
		}
	}
	return errors.Join(room.Free(), run.Free())
}

// preparedStays looks whether the tables that were made for the hypervisor are there still, after all empty ones in the range
// went back.
func preparedStays() error {
	const tables, perTable, dontNeed = 3, 512, 4
	room, err := page.Reserve(tables * perTable)
	if err != nil {
		return err
	}
	const inside = 2 * perTable // nothing but the room is in the table of this page
	address := room.Address(inside)
	if err := room.Prepare(inside); err != nil {
		return err
	}
	discard := func() (there bool) {
		gate.Call(gate.Madvise, uintptr(room.Address(0)), tables*perTable*page.Size, dontNeed, 0, 0)
		machine, _ := mm.Entry(address)
		return machine != 0
	}
	if !discard() {
		return errors.New("a table that was prepared has gone")
	}
	if err := room.Unmap(inside); err != nil {
		return err
	}
	if discard() {
		return errors.New("a table that nobody needs is there still")
	}
	return room.Free()
}

// pageAndRoom is a page, and room to map it at, with page tables.
func pageAndRoom(n int) (*page.Run, *page.Room, error) {
	run, err := page.Alloc(1)
	if err != nil {
		return nil, nil, err
	}
	room, err := page.Reserve(n)
	if err != nil {
		return nil, nil, err
	}
	return run, room, room.Prepare(0)
}
