package calls

import (
	"encoding/binary"
	"os"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/evtchn"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/klog"
	"tuco/kernel/lines"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
	"tuco/kernel/pci"
	"tuco/kernel/percpu"
	"tuco/kernel/pmm"
	"tuco/kernel/pv"
	"tuco/kernel/sharedinfo"
	"tuco/kernel/shootdown"
)

// The host's memory passes for the machine's: handlers run on it as they are,
// but for what needs a container.

// ram is where the machine's memory ends, which begins at frame 16.
const ram = 8192

// devices are frames that are not RAM.
var devices = frame.Between(1<<20, 1<<20+32)

var (
	// kicked is called when a CPU is asked to flush.
	kicked = func(cpu int) {}

	memory          []byte
	hypervisorFrame frame.MFN
)

func TestMain(m *testing.M) {
	klog.OnBug = func(reason []byte) { panic("bug: " + string(reason)) }
	lock.Violation = func(f lock.Fault) { panic(f.Kind.String()) }
	raw := make([]byte, (ram+1)*frame.PageSize)
	memory = raw[-uintptr(unsafe.Pointer(&raw[0]))&(frame.PageSize-1):]
	cpu := percpu.Get(0)
	cpu.Locks.Serve = func(*lock.Holder) {}
	shootdown.Init(func(int, shootdown.Request) {}, func(cpu int) { kicked(cpu) })
	shootdown.Online(&cpu.Locks)
	machine.SetInterrupt(func(int) {})

	var all pmm.Map
	all.AddRAM(16*frame.PageSize, ram*frame.PageSize)
	plan, _ := all.Plan(frame.Between(0, ram))
	hypervisorFrame = plan.At
	room := unsafe.Pointer(&memory[plan.At.Addr()])
	zero := func(m frame.MFN, n uint64) { clear(memory[m.Addr() : uint64(m.Addr())+n*frame.PageSize]) }
	scrub := func(h *lock.Holder, m frame.MFN, n uint64) { machine.Scrub(h, m, n, zero) }
	if machine.RAM.Init(&cpu.Locks, &all, plan, room, scrub) != pmm.OK {
		panic("no frames")
	}
	machine.Types.Init(&machine.RAM, unsafe.Pointer(&memory[0]))
	machine.M2P, machine.RAMEnd = make([]uint64, ram), ram
	for i := range machine.M2P {
		machine.M2P[i] = machine.NotMapped
	}
	machine.InitPools(mapped{})
	machine.Channels.Init()
	machine.InitGifts()
	machine.AddIO(devices)
	lines.Init(nil)
	pci.Init()
	machine.Scheduler.Init()
	machine.Scheduler.AddCPU(0)
	machine.InitClock(1_000_000_000, 0)
	pv.Kind(&PV)
	os.Exit(m.Run())
}

// mapped is a source of memory for records which is not the garbage collector's.
type mapped struct{}

func (mapped) Take(_ *lock.Holder, order uint) (frame.VAddr, bool) {
	b, err := syscall.Mmap(-1, 0, frame.PageSize<<order, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return 0, false
	}
	return frame.VAddr(uintptr(unsafe.Pointer(&b[0]))), true
}

func (mapped) Give(*lock.Holder, frame.VAddr, uint) {}

var buckets = evtchn.Memory{
	New:  func(*lock.Holder) *evtchn.Bucket { return new(evtchn.Bucket) },
	Free: func(*lock.Holder, *evtchn.Bucket) {},
}

// noDomain is a number that no domain has.
func noDomain() hypercall.DomID {
	for id := domain.ID(machine.MaxDomains - 1); ; id-- {
		if machine.Owner(id) == nil {
			return hypercall.DomID(id)
		}
	}
}

// guest is a domain with one vCPU, and some memory that its kernel has mapped.
type guest struct {
	t *testing.T
	d *domain.Domain
	v *domain.VCPU

	l4, l3, l2, l1 frame.MFN
	pages          []frame.MFN // mapped from base on, writable
	steps          int         // of the last call

	neighbour, ended bool
}

// base is where a guest's pages are mapped, at entry 0 of its L1; the tables
// are mapped read-only behind them.
const base frame.VAddr = 0xffff_8800_0000_0000

const (
	leaf  = pagetype.Present | pagetype.User
	table = leaf | pagetype.RW
)

// ids numbers domains, so that no two tests have frames of one owner.
var ids domain.ID

func newGuest(t *testing.T, privileged bool) *guest {
	ids = machine.MaxDomains + ids%1000
	g := &guest{t: t, d: &domain.Domain{ID: ids, Privileged: privileged, Code: domain.NoCode}, v: new(domain.VCPU)}
	ids++
	g.d.Lock.Init(lock.Pool)
	g.d.Grants.Init(pagetype.Owner(g.d.ID))
	g.d.Mappings.Init()
	g.make(privileged)
	return g
}

// newNeighbour is a guest that others find by its number. It has another vCPU, which does not
// run.
func newNeighbour(t *testing.T) *guest {
	h := &percpu.Get(0).Locks
	g := &guest{t: t, d: machine.NewDomain(h, false), v: machine.NewVCPU(h), neighbour: true}
	g.make(false)
	other := machine.NewVCPU(h)
	other.Domain, other.ID = g.d, 1
	g.d.AddVCPU(other)
	machine.Publish(g.d)
	return g
}

// make makes the domain, whose record is as good as new.
func (g *guest) make(privileged bool) {
	t := g.t
	g.d.MaxPages.Store(200)
	config := mm.Config{Owner: pagetype.Owner(g.d.ID), VCPUs: 2, SafeAbove: 1 << 40}
	if privileged {
		config.IO = []frame.Range{devices}
	}
	g.d.Memory.Init(&machine.Types, &config)
	g.d.Shared = new(sharedinfo.Page)
	g.v.Domain, g.v.CPU = g.d, percpu.Get(0)
	g.v.BeginMemory(g.v.Holder())
	g.v.SetMemory(&machine.Types)
	g.v.Ring.Init()
	g.v.PV.Stub = &domain.Stub{Kernel: true}
	g.v.PV.Traps = new([256]domain.Gate)
	g.d.AddVCPU(g.v)
	h := g.v.Holder()
	require.Zero(t, g.d.Events.Init(h, evtchn.Config{
		System: &machine.Channels, Memory: &buckets, Page: g.d.Shared, ID: g.d.DomID(), Privileged: privileged,
		MaxPort: evtchn.MaxPorts - 1, PIRQs: evtchn.MaxPIRQs,
	}))
	require.True(t, g.d.Events.AddVCPU(h, &g.v.Events))
	g.v.Upcalls = g.v.Events.Info()
	g.l1, g.l2, g.l3, g.l4 = g.alloc(), g.alloc(), g.alloc(), g.alloc()
	for i := range 8 {
		m := g.alloc()
		g.pages = append(g.pages, m)
		g.set(g.l1, i, pagetype.MakePTE(m, table))
	}
	for i, m := range []frame.MFN{g.l1, g.l2, g.l3, g.l4} {
		g.set(g.l1, 16+i, pagetype.MakePTE(m, leaf))
	}
	g.set(g.l2, 0, pagetype.MakePTE(g.l1, table))
	g.set(g.l3, 0, pagetype.MakePTE(g.l2, table))
	g.set(g.l4, 272, pagetype.MakePTE(g.l3, table))
	var c mm.Call
	machine.Begin(g.v.Holder(), g.d, &c)
	require.Equal(t, pagetype.OK, g.d.Memory.SetKernelRoot(&c, 0, g.l4))
	t.Cleanup(g.gone)
	t.Cleanup(g.end)
}

// end takes the domain apart, so that what a call has left in a bad way shows.
func (g *guest) end() {
	if g.ended {
		return
	}
	g.ended = true
	machine.CloseRing(g.v.Holder(), g.v)
	if g.neighbour {
		machine.Withdraw(g.d)
	}
	g.d.Grants.Close(g.v.Holder())
	for _, m := range g.d.Grants.Frames() {
		machine.Unshare(g.v.Holder(), g.d, m)
	}
	for {
		var c mm.Call
		machine.Begin(g.v.Holder(), g.d, &c)
		if !machine.Settle(g.v.Holder(), g.d, &c, g.d.Memory.Destroy(&c, ram)) {
			break
		}
	}
	for n := range g.d.Mappings.Pages() {
		machine.EndMappings(g.v.Holder(), g.d, n)
	}
}

// gone is the end of the domain's record, when those who use its frames have ended.
func (g *guest) gone() {
	for m := range frame.MFN(ram) {
		if o, owned := machine.Types.Owner(m); owned && o == pagetype.Owner(g.d.ID) {
			g.t.Errorf("frame %d is still owned after the domain's end", m)
		}
	}
	machine.FreeGrants(g.v.Holder(), g.d)
	if g.neighbour {
		machine.FreeDomain(g.v.Holder(), g.d)
	}
}

func (g *guest) set(m frame.MFN, i int, e pagetype.PTE) { machine.Types.Table(m)[i].Store(uint64(e)) }

func (g *guest) entry(m frame.MFN, i int) pagetype.PTE {
	return pagetype.PTE(machine.Types.Table(m)[i].Load())
}

// alloc gives the domain a frame.
func (g *guest) alloc() frame.MFN {
	m, r := machine.RAM.Alloc(g.v.Holder(), 0, pmm.Anywhere)
	require.Equal(g.t, pmm.OK, r)
	machine.Types.Assign(m, pagetype.Owner(g.d.ID))
	g.d.Pages.Add(1)
	return m
}

// at is an address in the guest's pages.
func (g *guest) at(offset uint64) uint64 { return uint64(base) + offset }

// write puts values into the guest's memory, one behind the other.
func (g *guest) write(offset uint64, values ...any) uint64 {
	var b []byte
	for _, v := range values {
		var err error
		b, err = binary.Append(b, binary.LittleEndian, v)
		require.NoError(g.t, err)
	}
	_, ok := g.v.KernelMemory.Write(base+frame.VAddr(offset), b)
	require.True(g.t, ok)
	return g.at(offset)
}

// read takes a value from the guest's memory.
func read[T any](g *guest, offset uint64) (value T) {
	require.True(g.t, guestmem.Get(&g.v.KernelMemory, &value, base+frame.VAddr(offset)))
	return value
}

// call makes a hypercall, step by step.
func (g *guest) call(n hypercall.Number, args ...uint64) int64 {
	return g.callBetween(n, func() {}, args...)
}

// callBetween is call with something that happens between the steps: what other
// vCPUs do meanwhile.
func (g *guest) callBetween(n hypercall.Number, between func(), args ...uint64) int64 {
	var a hypercall.ArgList
	copy(a[:], args)
	for steps := 1; ; steps++ {
		g.v.Leave = false
		r := pv.Call(g.v, n, &a)
		g.v.Holder().AssertNone()
		if r != domain.Continue {
			require.Zero(g.t, g.v.Progress, "the next call would begin in the middle")
			g.steps = steps
			return r
		}
		require.Less(g.t, steps, 100_000, "no end")
		progress := g.v.Progress
		g.v.Progress = domain.Progress{}
		between()
		g.v.Progress = progress
	}
}

// step makes one step of a hypercall, from the beginning, and forgets it.
func (g *guest) step(n hypercall.Number, args ...uint64) {
	var a hypercall.ArgList
	copy(a[:], args)
	require.EqualValues(g.t, domain.Continue, pv.Call(g.v, n, &a))
	g.v.Progress = domain.Progress{}
}

// settle lets what is still being torn down come to its end: any call does.
func (g *guest) settle() {
	g.call(mmuextCall, g.write(64, hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_UNPIN_TABLE}), 1, 0, self)
}

// update makes an mmu_update of one request.
func (g *guest) update(m frame.MFN, i int, e pagetype.PTE) int64 {
	defer g.v.ForgetMemory() // as a guest does, it flushes
	return g.call(mmuUpdateCall, g.write(64, slot(m, i), uint64(e)), 1, 0, self)
}

// extended makes an mmuext_op of one operation.
func (g *guest) extended(cmd uint32, m frame.MFN) int64 {
	return g.call(mmuextCall, g.write(64, hypercall.MMUExtOp{Cmd: cmd, Arg1: uint64(m)}), 1, 0, self)
}

// failed is an error as a call returns it.
func failed(e hypercall.Errno) int64 { return -int64(e) }
