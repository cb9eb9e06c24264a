package shootdown

import "tuco/kernel/frame"

// fault is a mistake that is planted in the protocol, to see it caught.
type fault int

const (
	none fault = iota
	waitWithoutServing
	serveBeforeRunning // what a missing fence after the state's store amounts to
	answerBeforeFlush
	swapInTwoSteps
	idleFlushesLatestOnly
	pendingIgnored // a CPU that leaves idle does not serve
	newcomerKeeps  // a CPU that comes for the first time does not flush
)

// stepWord is a shared word that ends the explorer's step before each access.
type stepWord struct {
	value uint64
}

// stepping is the explorer and the fault of the run; one run is under way at a time.
var stepping struct {
	*explorer
	fault
}

func (w *stepWord) Load() uint64 {
	stepping.point()
	return w.value
}

// set changes the value, which spinning CPUs may have waited for.
func (w *stepWord) set(v uint64) {
	if w.value != v {
		stepping.changes++
	}
	w.value = v
}

func (w *stepWord) Store(v uint64) {
	stepping.point()
	w.set(v)
}

func (w *stepWord) Or(v uint64) uint64 {
	stepping.point()
	old := w.value
	w.set(old | v)
	return old
}

func (w *stepWord) Swap(v uint64) uint64 {
	stepping.point()
	old := w.value
	if stepping.fault == swapInTwoSteps {
		stepping.point()
	}
	w.set(v)
	return old
}

const pages = 2

// model is a few CPUs with TLBs over one page table. A translation is the
// version of a page's entry that was current when it was loaded; a version's
// frame is given away when a flush of it has ended, and must not be used then.
type model struct {
	core[stepWord, *stepWord]
	table  [pages]int // the current versions
	given  [pages]int // versions up to this one are given away
	tlb    [3][pages]int
	kicked [3]bool
	late   [3][]Request // flushes put off, by a planted fault
	latest Request
}

func page(n int) Request { return Page(frame.VAddr(n) << frame.PageShift) }

func newModel(e *explorer, f fault) *model {
	stepping.explorer, stepping.fault = e, f
	m := &model{table: [pages]int{1, 1}}
	m.kick = func(cpu int) {
		m.kicked[cpu] = true
		e.changes++
	}
	m.flush = func(cpu int, r Request) {
		if f == answerBeforeFlush {
			m.late[cpu] = append(m.late[cpu], r)
			return
		}
		stepping.point()
		m.drop(cpu, r)
	}
	for cpu := range m.tlb {
		m.cpus[cpu].state.value = running
		m.known.value |= 1 << cpu
	}
	return m
}

func (m *model) drop(cpu int, r Request) {
	if r == All && stepping.fault == idleFlushesLatestOnly {
		r = m.latest
	}
	for n := range pages {
		if r == All || r == page(n) {
			m.tlb[cpu][n] = 0
		}
	}
}

// load makes a CPU hold the current translation of a page.
func (m *model) load(cpu, n int) { m.tlb[cpu][n] = m.table[n] }

// use is an access by a CPU through what its TLB holds.
func (m *model) use(cpu, n int) {
	stepping.point()
	if v := m.tlb[cpu][n]; v != 0 && v <= m.given[n] {
		stepping.fail("cpu %d uses version %d of page %d after it was given away", cpu, v, n)
	}
}

// interrupts takes what has come in, as an interrupt window does.
func (m *model) interrupts(cpu int) {
	for _, r := range m.late[cpu] {
		m.drop(cpu, r)
	}
	m.late[cpu] = nil
	if m.kicked[cpu] {
		m.kicked[cpu] = false
		m.serve(cpu)
	}
}

// change replaces a page's entry and asks everybody else to flush.
func (m *model) change(cpu, n int) (t Ticket, old int) {
	old = m.table[n]
	m.table[n]++
	m.tlb[cpu][n] = 0
	m.latest = page(n)
	return m.ask(cpu, 0b111&^(1<<cpu), page(n)), old
}

// wait waits for a ticket and gives the old version away.
func (m *model) wait(cpu int, t Ticket, n, old int) {
	for m.missing(cpu, t) != 0 {
		if stepping.fault != waitWithoutServing {
			m.serve(cpu)
		}
		stepping.rest()
	}
	m.given[n] = max(m.given[n], old)
}

// guest uses its translations and takes interrupts until all others are done.
func (m *model) guest(cpu int) {
	stepping.idle()
	for !stepping.ended() {
		m.use(cpu, 0)
		m.use(cpu, 1)
		m.interrupts(cpu)
		stepping.rest()
	}
}

// leaveIdle is enter(cpu, running), unless a fault is planted in it.
func (m *model) leaveIdle(cpu int) {
	switch stepping.fault {
	case serveBeforeRunning:
		m.serveAs(cpu, true)
		m.cpus[cpu].state.Store(running)
	case pendingIgnored:
		m.cpus[cpu].state.Store(running)
	case newcomerKeeps:
		m.known.Or(1 << cpu)
		m.enter(cpu, running)
	default:
		m.enter(cpu, running)
	}
}
