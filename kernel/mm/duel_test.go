//go:build model || race

package mm

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/kernel/pagetype"
)

// TestDuel is about one frame: its owner makes it a table while domain 0 maps it,
// uses the mapping and ends it. Either stands still at each of its steps in
// turn, while the other does all it has to do.
func TestDuel(t *testing.T) {
	for n := range 16 {
		first, mapped, mapper, quick := n&1, n&2 != 0, n&4 != 0, n&8 != 0
		for stop := 0; ; stop++ {
			ended, failure := duel(first, stop, mapped, mapper, quick)
			require.Empty(t, failure, "CPU %d stands still at its step %d", first, stop)
			if ended {
				require.Greater(t, stop, 5, "it did nothing")
				break
			}
		}
	}
}

// Mapped: the owner has a writable mapping that it ends first. Domain 0 lets all be
// flushed first. Mapper: the owner does not make it a table but maps it too; then mapped
// says that domain 0 keeps its mapping. Quick: by the quick way, of a frame that
// so far only its owner had as writable, unless the owner is a mapper.
//
// duel says whether CPU first came to its end before the step at which it was to stop.
func duel(first, stop int, mapped, mapper, quick bool) (ended bool, failure string) {
	w := newWorld(1)
	defer w.watch(&failure)()
	pagetype.Quick = func() bool { return quick }
	for i := range w.domains {
		w.build(i)
	}
	m, owner := w.duels[1], w.vcpus[2]
	mapFrame := func(c *cpu, e pagetype.PTE) {
		v := w.vcpus[0]
		c.busy = true
		for {
			var call Call
			call.Begin(&c.holder, w.domains[0], 1, 1000)
			r := w.domains[0].UpdateVA(&call, v.id, 0, e)
			if r == pagetype.FlushFirst {
				w.flush(w.domains[0], call.Need.TLBs, call.Need.Everyone)
				continue
			}
			must(r == pagetype.OK || r == pagetype.NoMapping, "map: "+r.String())
			break
		}
		c.busy = false
	}
	foreigner := func(c *cpu) {
		c.busy = true
		w.flush(nil, 0, true)
		c.busy = false
		mapFrame(c, pagetype.MakePTE(m, leaf|pagetype.RW))
		v := w.vcpus[0]
		v.on = c
		w.enter(c, v)
		c.wish = m
		for range 60 {
			c.fill(v.tag, v.cr3)
		}
		w.step()
		v.guest = false
		if v.kicked {
			v.valid, v.kicked = false, false
		}
		if !mapper || !mapped {
			mapFrame(c, 0)
		}
	}
	pinner := func(c *cpu) {
		c.busy = true
		if mapped {
			w.address(c, owner, 0)
		}
		for range 3 {
			var call Call
			call.Begin(&c.holder, w.domains[1], 1, 1000)
			r := w.domains[owner.d].Pin(&call, m, pagetype.L1)
			if r != pagetype.FlushFirst {
				break
			}
			w.flush(w.domains[1], call.Need.TLBs, call.Need.Everyone)
		}
		c.busy = false
	}
	if mapper {
		pinner = func(c *cpu) {
			c.busy = true
			w.address(c, owner, pagetype.MakePTE(m, leaf|pagetype.RW))
			w.address(c, owner, 0)
			c.busy = false
		}
	}
	// Before: the frame was mapped, and all was flushed since.
	if quick && !mapper {
		w.address(w.cpus[1], owner, pagetype.MakePTE(m, leaf|pagetype.RW))
		w.address(w.cpus[1], owner, 0)
	} else {
		mapFrame(w.cpus[0], pagetype.MakePTE(m, leaf|pagetype.RW))
		mapFrame(w.cpus[0], 0)
	}
	w.flush(nil, 0, true)
	if mapped && !mapper {
		w.address(w.cpus[1], owner, pagetype.MakePTE(m, leaf|pagetype.RW))
	}

	w.start(w.cpus[0], func() { foreigner(w.cpus[0]) })
	w.start(w.cpus[1], func() { pinner(w.cpus[1]) })
	defer w.cpus[0].stop()
	defer w.cpus[1].stop()
	a, b := w.cpus[first], w.cpus[1-first]
	running := true
	for n := 0; n < stop && running; n++ {
		running = w.goOn(a)
		w.steps++
	}
	ended = !running
	for n := 0; w.goOn(b); n++ {
		if w.steps++; n > 1000 && running { // it waits for the other's answer
			running = w.goOn(a)
		}
		must(n < 100_000, "no end")
	}
	for running {
		running = w.goOn(a)
		w.steps++
	}
	return ended, ""
}

// address changes what the vCPU's domain has at address 0.
func (w *world) address(c *cpu, v *vcpu, e pagetype.PTE) {
	var call Call
	call.Begin(&c.holder, w.domains[v.d], pagetype.Owner(v.d), 1000)
	r := w.domains[v.d].UpdateVA(&call, v.id, 0, e)
	must(r == pagetype.OK, "map: "+r.String())
}
