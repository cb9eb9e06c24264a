package grant

import (
	"runtime"
	"sync"
	"testing"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

// A granter makes and ends a grant, of one frame and another, while others use it. It ends
// it as the ABI has it; then nobody uses the frame any more, and till then nobody was let
// go. What the users find is the frame of a grant, and their own.
func TestGranterAgainstUsers(t *testing.T) {
	x := newWorld(t)
	const ref, rounds, users = 9, 2000, 2
	// The word of each frame is the granter's when it is not granted: the race detector sees
	// who else is there.
	var content [2]int
	stop := make(chan struct{})
	var done sync.WaitGroup
	for c := range users {
		done.Go(func() {
			h := holder()
			var w pagetype.Work
			w.Init(&frames, &x.space, granter, 1000)
			for {
				select {
				case <-stop:
					return
				default:
				}
				write := c == 0
				m, s := x.table.Pin(h, &w, ref, user, write)
				if s != okay {
					runtime.Gosched()
					continue
				}
				switch {
				case m != x.pages[0] && m != x.pages[1]:
					t.Errorf("frame %d is no grant's", m)
				case write:
					content[index(x, m)]++
				}
				x.table.Unpin(h, &w, ref, write)
			}
		})
	}
	e := x.entry(ref)
	for n := range rounds {
		m := x.pages[n%2]
		content[index(x, m)] = 0
		x.write(ref, access, user, m)
		for ended := false; !ended; {
			was := e.head.Load()
			runtime.Gosched()
			if was&(reading|writing) == 0 {
				ended = e.head.CompareAndSwap(was, was&^uint32(hypercall.GTF_type_mask))
			}
		}
		content[index(x, m)] = -1
	}
	close(stop)
	done.Wait()
}

func index(x *world, m frame.MFN) int {
	if m == x.pages[1] {
		return 1
	}
	return 0
}

// A granter that never leaves an entry alone harms itself only.
func TestRestlessGranter(t *testing.T) {
	x := newWorld(t)
	const ref, rounds = 9, 2000
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			runtime.Gosched()
			x.write(ref, uint16(n), hypercall.DomID(user+n%2), x.pages[n%len(x.pages)])
		}
	})
	for n := range rounds {
		if _, s := x.pin(ref, user, n%2 == 0); s == okay {
			x.unpin(ref, n%2 == 0)
		}
	}
	close(stop)
	done.Wait()
}

// What the granter writes next to the marks is not lost when they come and go.
func TestMarksLoseNothing(t *testing.T) {
	x := newWorld(t)
	const ref, rounds, bit = 9, 2000, hypercall.GTF_PWT
	x.write(ref, access, user, x.pages[0])
	stop := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, s := x.pin(ref, user, true); s == okay {
				x.unpin(ref, true)
			}
		}
	})
	e := x.entry(ref)
	for range rounds {
		e.head.Or(bit)
		runtime.Gosched()
		if e.head.Load()&bit == 0 {
			t.Error("what the granter wrote is gone")
		}
		e.head.And(^uint32(bit))
		runtime.Gosched()
		if e.head.Load()&bit != 0 {
			t.Error("what the granter took away is there again")
		}
	}
	close(stop)
	done.Wait()
}
