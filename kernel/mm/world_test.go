//go:build model || race

package mm

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"sync/atomic"

	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/pagetype"
)

// world is 4 vCPUs of 3 domains that run on 2 processors of a machine. Each
// processor is a coroutine, which stops before each access to shared memory; a
// scheduler that draws from a seed says who goes on.
type world struct {
	*machine
	r       *rand.Rand
	domains []*Domain
	vcpus   []*vcpu
	cpus    []*cpu
	now     *cpu
	tags    uint64
	hot     [3][]frame.MFN
	weights []int // by kind of hypercall
	heat    int   // out of 4
	quick   int   // out of 2: see pagetype.Quick
	duels   [3]frame.MFN
	walked  *atomic.Uint64 // an entry that an emulated write is about
	steps   int
	calls   int // hypercalls that have begun

	// How often what happened, so that a test can tell that it did.
	seen map[string]int
}

type vcpu struct {
	d      int // domain
	id     int
	on     *cpu // nil if it is not scheduled
	last   *cpu
	tag    uint64 // of its kernel root; the user root has the next
	valid  bool
	guest  bool // it executes
	user   bool
	cr3    frame.MFN
	kicked bool
	gdt    []frame.MFN
	ring   Ring
}

type cpu struct {
	mmu
	id     int
	holder lock.Holder
	busy   bool // in an operation
	next   func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
}

func newWorld(seed uint64) *world {
	w := &world{machine: newMachine(), r: rand.New(rand.NewPCG(seed, 1)), seen: map[string]int{}}
	w.machine.flushAll = func() { w.flush(nil, 0, true) }
	w.machine.scrubbed = w.checkScrub
	for i, n := range []int{2, 1, 1} {
		d := new(Domain)
		c := Config{Owner: pagetype.Owner(i), VCPUs: n, SafeAbove: safeAbove, Slots: hostSlots}
		if i == 0 {
			c.IO = []frame.Range{frame.Between(device, device+1)}
		}
		d.Init(&w.frames, &c)
		w.domains = append(w.domains, d)
		for v := range n {
			w.vcpus = append(w.vcpus, &vcpu{d: i, id: v})
			w.vcpus[len(w.vcpus)-1].ring.Init()
		}
	}
	for i := range 2 {
		c := &cpu{id: i, mmu: mmu{x: w.machine, r: w.r}}
		c.holder = lock.Holder{CPU: uint32(i), Serve: func(*lock.Holder) { w.step() }}
		w.cpus = append(w.cpus, c)
	}
	return w
}

// step ends the running processor's step.
func (w *world) step() {
	if w.now != nil {
		w.now.yield(struct{}{})
	}
}

type abandoned struct{}

// run makes n steps. What it returns is empty, or says which invariant broke.
func (w *world) run(n int) (failure string) {
	defer w.watch(&failure)()
	for i := range w.domains {
		w.build(i)
	}
	// Each world has its own habits: some hypercalls often, some never, and
	// few frames that all are about.
	w.heat = w.r.IntN(4)
	w.quick = max(0, w.r.IntN(4)-1)
	for range kinds {
		w.weights = append(w.weights, []int{0, 1, 1, 2, 5, 20}[w.r.IntN(6)])
	}
	if w.r.IntN(5) == 0 {
		w.weights[duels] = 200
	}
	for _, c := range w.cpus {
		w.start(c, func() {
			for {
				w.turn(c)
			}
		})
	}
	defer func() {
		for _, c := range w.cpus {
			c.stop()
		}
	}()
	// Processors alternate, or one stands still for as long as others need for
	// whole operations.
	bursts := []int{1, 1, 2, 5, 20, 100, 500}
	c, burst := w.cpus[0], 0
	for ; w.steps < n; w.steps++ {
		if burst--; burst < 0 {
			c, burst = w.cpus[w.r.IntN(len(w.cpus))], w.r.IntN(bursts[w.r.IntN(len(bursts))])
		}
		w.goOn(c)
		w.speculate()
	}
	return ""
}

// watch sets up the hooks. What it returns takes them down, and turns the panic
// of a broken invariant into a text.
func (w *world) watch(failure *string) func() {
	pagetype.Step = w.step
	pagetype.Quick = func() bool { return w.r.IntN(2) < w.quick }
	klog.OnBug = func(reason []byte) { panic(violation(reason)) }
	return func() {
		pagetype.Step, pagetype.Quick = nil, nil
		if e := recover(); e != nil {
			*failure = fmt.Sprintf("step %d: %v", w.steps, e)
		}
	}
}

// start makes a processor do something, up to its first step.
func (w *world) start(c *cpu, what func()) {
	c.next, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = func(struct{}) bool {
			if !yield(struct{}{}) {
				panic(abandoned{})
			}
			return true
		}
		defer func() {
			if e := recover(); e != nil {
				if _, ok := e.(abandoned); !ok {
					panic(e)
				}
			}
		}()
		what()
	})
}

// goOn lets a processor make a step, and checks what it leaves. False at its end.
func (w *world) goOn(c *cpu) bool {
	w.now = c
	_, more := c.next()
	w.now = nil
	w.check()
	return more
}

// speculate lets processors that execute a guest fill their TLBs.
func (w *world) speculate() {
	if w.walked != nil && w.r.IntN(8) == 0 {
		if e := w.walked.Load(); e&uint64(pagetype.Present) != 0 {
			w.walked.CompareAndSwap(e, e|uint64(pagetype.Accessed))
		}
	}
	for _, v := range w.vcpus {
		if v.guest && w.r.IntN(2) == 0 {
			v.on.fill(v.activeTag(), v.cr3)
			w.seen["fill"]++
			if len(v.gdt) > 0 && w.r.IntN(4) == 0 {
				v.on.segment(v.activeTag(), v.gdt[w.r.IntN(len(v.gdt))])
			}
		}
	}
}

func (v *vcpu) activeTag() uint64 {
	if v.user {
		return v.tag + 1
	}
	return v.tag
}

func (w *world) domainOf(tag uint64) (pagetype.Owner, bool) {
	for _, v := range w.vcpus {
		if v.valid && tag&^1 == v.tag {
			return pagetype.Owner(v.d), true
		}
	}
	return 0, false
}

func (w *world) check() {
	for _, c := range w.cpus {
		c.mmu.check(w.domainOf)
	}
	quiet := true
	for _, c := range w.cpus {
		quiet = quiet && !c.busy
	}
	if quiet {
		w.seen["exact recount"]++
	}
	w.recount(w.domains, w.held, w.ringed, quiet)
	for _, v := range w.vcpus {
		if v.guest {
			k, u := w.domains[v.d].Roots(v.id)
			if v.cr3 != k && !v.user || v.user && v.cr3 != u {
				broken("vCPU %d of domain %d runs on root %d, and the domain believes in %d and %d", v.id, v.d, v.cr3, k, u)
			}
		}
	}
}

func (w *world) held(m frame.MFN) (n uint64) {
	for _, v := range w.vcpus {
		for _, g := range v.gdt {
			if g == m {
				n++
			}
		}
	}
	return n
}

// checkScrub: a frame that is about to be used anew is in no TLB.
func (w *world) checkScrub(m frame.MFN) {
	for _, c := range w.cpus {
		for _, e := range c.tlb {
			if _, usable := w.domainOf(e.tag); usable && e.m == m {
				broken("frame %d is used anew, and a TLB holds it", m)
			}
		}
		for _, e := range c.caches {
			if _, usable := w.domainOf(e.tag); usable && e.m == m {
				broken("frame %d is used anew, and a paging-structure cache holds it", m)
			}
		}
	}
}

// turn is a processor's time slice for some vCPU.
func (w *world) turn(c *cpu) {
	w.step()
	v := w.vcpus[c.r.IntN(len(w.vcpus))]
	if v.on != nil || v.last != c && c.r.IntN(4) != 0 {
		return
	}
	v.on = c
	for n := 1 + c.r.IntN(4); n > 0; n-- {
		w.enter(c, v)
		for n := c.r.IntN(12); n > 0 && !v.kicked; n-- {
			w.access(c, v)
			w.step()
		}
		v.guest = false
		if v.kicked {
			v.valid, v.kicked = false, false
		}
		c.busy = true
		w.calls++
		w.hypercall(c, v)
		c.busy = false
	}
	v.last, v.on = c, nil
}

// enter begins to execute the guest, with a tag that has no stale entries. As in the kernel that is not noted as a flush: what the vCPU has of
// translations from here on is known by the flush before, or by its having got a root.
func (w *world) enter(c *cpu, v *vcpu) {
	if !v.valid || v.last != c {
		w.tags += 2
		v.tag, v.valid, v.last = w.tags, true, c
		c.purge(func(tag uint64) bool { _, ok := w.domainOf(tag); return ok })
	}
	k, u := w.domains[v.d].Roots(v.id)
	v.user = u != frame.NoMFN && c.r.IntN(3) == 0
	if v.cr3 = k; v.user {
		v.cr3 = u
	}
	if v.cr3 != frame.NoMFN {
		v.guest = true
	}
}

// access lets the guest write through a translation.
func (w *world) access(c *cpu, v *vcpu) {
	for _, e := range c.tlb {
		if v.guest && e.tag == v.activeTag() && e.writable && c.r.IntN(3) == 0 {
			w.frames.Table(e.m)[anySlot(c.r)].Store(w.anyEntry(c, v.d))
			w.seen["guest write"]++
			return
		}
	}
}

// flush drops the translations of vCPUs of d, or of all, and waits for it.
func (w *world) flush(d *Domain, mask uint64, everyone bool) {
	t := w.frames.Tick()
	for _, v := range w.vcpus {
		if !everyone && (w.domains[v.d] != d || mask>>v.id&1 == 0) {
			continue
		}
		if v.guest {
			for v.kicked = true; v.kicked; {
				w.step()
			}
		} else {
			v.valid = false
		}
		if !everyone {
			d.Flushed(v.id, t)
		}
	}
	if everyone {
		w.frames.FlushedEveryone(t)
	}
	w.seen["flush"]++
}
