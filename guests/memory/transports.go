package main

import (
	"errors"
	"fmt"
	"syscall"

	"tuco/guestlib"
	"tuco/guestlib/clock"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/page"
	"tuco/guestlib/paging"
	"tuco/hypercall"
)

// transports measures both ways that page-table updates have to the hypervisor: with so much memory that the library maps and
// unmaps, and with batches of updates.
func transports(size int) error {
	look()
	was := guestlib.UpdateRing(true)
	for _, ring := range []bool{false, true} {
		name := "mmu_update"
		if ring {
			name = "update ring"
		}
		if guestlib.UpdateRing(ring) != ring {
			if ring && !was {
				fmt.Println("memory: there is no update ring")
				return nil
			}
			return fmt.Errorf("%s: updates do not go by it", name)
		}
		if err := errors.Join(whole(name, size), batchesBy(name, ring)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// What hypercalls point at may not move, as what is on a goroutine's stack does.
var (
	exits    hypercall.TucoExits
	register = hypercall.TucoRingRegister{NrFrames: hypercall.TucoRingFrames}
)

// A cost is ticks of the time stamp counter, which are instructions under QEMU's -icount, and exits.
type cost struct{ ticks, exits uint64 }

func now() cost {
	hypercalls.TucoOp(hypercall.TUCOOP_exits, &exits) // it stays zero where nobody counts
	return cost{clock.TSC(), exits.Total}
}

// since is what has been spent since then, but for the looking.
func (c cost) since() cost {
	n := now()
	return cost{n.ticks - min(n.ticks, c.ticks+looking.ticks), n.exits - min(n.exits, c.exits+looking.exits)}
}

// looking is what two looks take, with nothing in between.
var looking cost

func look() {
	looking = cost{}
	least := now().since()
	for range 5 {
		if c := now().since(); c.ticks < least.ticks {
			least = c
		}
	}
	looking = least
}

func (c cost) of(n int) string {
	return fmt.Sprintf("%.1f ticks a page, %d exits", float64(c.ticks)/float64(n), c.exits)
}

// whole maps and unmaps so much memory in one go.
func whole(name string, size int) error {
	memory, err := mmap(size, noReserve)
	if err != nil {
		return err
	}
	start := now()
	if err := syscall.Madvise(memory, populateWrite); err != nil {
		return fmt.Errorf("mapping %d MiB: %w", size>>20, err)
	}
	mapped := start.since()
	start = now()
	if err := syscall.Munmap(memory); err != nil {
		return err
	}
	unmapped := start.since()
	fmt.Printf("memory: by %s: %d MiB mapped: %s; unmapped: %s\n", name, size>>20, mapped.of(size/page.Size), unmapped.of(size/page.Size))
	return nil
}

const most = 512 // updates of a batch

// batchesBy maps one page at many addresses, and unmaps it, in batches of many sizes.
func batchesBy(name string, ring bool) (err error) {
	run, err := page.Alloc(1)
	if err != nil {
		return err
	}
	room, err := page.Reserve(2 * most)
	if err != nil {
		return err
	}
	first := int(-room.Address(0) / page.Size % most) // so that one table maps all
	if err := room.Prepare(first); err != nil {
		return err
	}
	table, _ := mm.Entry(room.Address(first))
	q := paging.Queue{Transport: hypercalls.MMUUpdate, Room: make([]hypercall.MMUUpdate, most)}
	if ring {
		// The vCPU has one ring at a time.
		if guestlib.UpdateRing(false) {
			return errors.New("the library does not leave its ring")
		}
		if err := join(&q); err != nil {
			return err
		}
	}
	const flags = 1<<0 | 1<<1 | 1<<2 // present, writable, a user page
	entry := uint64(run.Frame(0))*page.Size | flags
	for n := 1; n <= most; n *= 2 {
		mapped, unmapped := batch(&q, table, n, entry)
		if q.Stats.Failed != 0 {
			return fmt.Errorf("%d updates were refused", q.Stats.Failed)
		}
		fmt.Printf("memory: by %s: batch of %d: mapped: %s; unmapped: %s\n", name, n, mapped.of(n), unmapped.of(n))
	}
	hypercalls.FlushTLB()
	if q.Leave() {
		if err := hypercalls.TucoOp[byte](hypercall.TUCOOP_ring_unregister, nil); err != 0 {
			return fmt.Errorf("the ring can't be unregistered: %v", err)
		}
	}
	return errors.Join(room.Unmap(first), room.Free(), run.Free())
}

// batch maps the first pages of a table, and unmaps them. Of several tries the cheapest counts: what disturbs others is an
// interrupt.
func batch(q *paging.Queue, table uint64, n int, entry uint64) (mapped, unmapped cost) {
	change := func(value uint64) cost {
		start := now()
		for i := range uint64(n) {
			q.Add(table+8*i, value)
		}
		q.Flush()
		return start.since()
	}
	for try := range 5 {
		m, u := change(entry), change(0)
		if try == 0 || m.ticks < mapped.ticks {
			mapped = m
		}
		if try == 0 || u.ticks < unmapped.ticks {
			unmapped = u
		}
	}
	return mapped, unmapped
}

// join makes a ring of the program's own.
func join(q *paging.Queue) error {
	run, err := page.Alloc(hypercall.TucoRingFrames)
	if err != nil {
		return err
	}
	for i := range register.Frames {
		register.Frames[i] = run.Frame(i)
	}
	if err := hypercalls.TucoOp(hypercall.TUCOOP_ring_register, &register); err != 0 {
		return fmt.Errorf("a ring can't be registered: %v", err)
	}
	address := hypercalls.Address(&run.Bytes()[0])
	const slots = (hypercall.TucoRingFrames - 1) * hypercall.TucoRingSlots
	q.Join(paging.Ring{
		Shared: hypercalls.At[hypercall.TucoRing](address),
		Slots:  hypercalls.At[[slots]hypercall.MMUUpdate](address + page.Size)[:],
		Kick:   func() hypercall.Errno { return hypercalls.KickRing(0) },
	})
	return nil
}
