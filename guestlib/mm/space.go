package mm

import (
	"tuco/guestlib/console"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/paging"
	"tuco/guestlib/spin"
	"tuco/hypercall"
)

// Base is where the domain's first page is mapped: tools/goport links guests for it.
const Base = 0x4000_0000

// directBase is where it would be seen in the direct map: the same, if that was not moved.
var directBase uint64 = Base

// The bits of a page-table entry.
const (
	present  = 1 << 0
	writable = 1 << 1
	user     = 1 << 2
	accessed = 1 << 5
	dirty    = 1 << 6
	kept     = 1 << 9  // of an entry that is not present: its frame is still the program's
	prepared = 1 << 10 // of one that is not either: the hypervisor will be asked to map something there, so its table stays
	uncached = 3 << 3  // write-through and cache-disable: each access reaches a device
	noExec   = 1 << 63

	frameMask = 1<<52 - PageSize

	readWrite = present | writable | user | accessed | dirty
	readOnly  = present | user | accessed

	// SharedPage is the bits of an entry that maps a page of the hypervisor's.
	SharedPage = readWrite | noExec
)

// The one address space of the guest.
var (
	lock  spin.Lock // for all of it; doc.go tells what for
	root  uint64    // the L4, in the direct map
	p2m   uint64    // address of the list of machine frames
	pages frames
	pool  struct {
		next, end uint64 // pages of the direct map that are mapped writable, and nobody's
		spare     uint64 // others, which were in use: a list through their first words
		spares    uint64
	}
	queue paging.Queue

	updates [2 * chunk]hypercall.MMUUpdate // room for a chunk and the tables that it needs
)

// Init takes over the memory as the builder left it. It returns where the start info is from now on.
func Init(info *hypercall.StartInfo) *hypercall.StartInfo {
	queue.Transport, queue.Room = hypercalls.MMUUpdate, updates[:]
	root, p2m = info.PTBase, info.MFNList
	const firstStack = PageSize
	pool.next = info.PTBase + info.NrPTFrames*PageSize + firstStack
	pool.end = mappedEnd(pool.next)
	zeros, later := laterZeros()
	if later {
		info = moveDirectMap(info, zeros.vaddr)
	}
	bitmap := pool.next
	pool.next += (info.NrPages/8 + PageSize) &^ (PageSize - 1)
	if pool.next+reserve*PageSize > pool.end {
		console.Fatal("the builder left too little mapped memory for the table of frames")
	}
	pages.init(bitmap, info.NrPages, uint64(pageAt(pool.end)))
	beginRing(info.CmdLine[:])
	begin()
	if later {
		insert(area{zeros.vaddr, (zeros.vaddr + zeros.size + PageSize - 1) &^ (PageSize - 1), ReadWrite})
	}
	return info
}

// mappedEnd is where the mapping ends that an address is in. The builder left no holes.
func mappedEnd(va uint64) uint64 {
	const last = 511
	for {
		l1, level := table(va, 1)
		if level != 1 {
			return va
		}
		if !isPresent(l1, last) {
			low, high := index(va, 1), uint64(last)
			for low < high {
				if middle := (low + high) / 2; isPresent(l1, middle) {
					low = middle + 1
				} else {
					high = middle
				}
			}
			return va&^(tableSpan-1) + low*PageSize
		}
		va = va&^(tableSpan-1) + tableSpan
	}
}

// tableSpan is how many bytes an L1 maps.
const tableSpan = 512 * PageSize

func isPresent(table, i uint64) bool { return *hypercalls.At[uint64](table + 8*i)&present != 0 }

// Stats is what the page-table queue did. The program asks, which can't take a lock: the figures may be of different moments.
func Stats() paging.Stats { return queue.Stats }

// Pages is how many pages the domain has.
func Pages() uint64 { return pages.count }

// Free is how many of the domain's pages nobody has.
func Free() uint64 { return pages.free + pool.spares + (pool.end-pool.next)/PageSize }

func machineOf(p pfn) uint64 { return *hypercalls.At[uint64](p2m + 8*uint64(p)) * PageSize }

// Machine is the machine address of something in the direct map.
func Machine(va uint64) uint64 { return machineOf(pageAt(va)) + va%PageSize }

func pageOf(entry uint64) pfn {
	return pfn(*hypercalls.At[uint64](hypercall.MACH2PHYS_VIRT_START + 8*(entry&frameMask/PageSize)))
}

// Root is what CR3 holds.
func Root() uint64 { return Machine(root) }

func direct(p pfn) uint64 { return directBase + uint64(p)*PageSize }

func pageAt(va uint64) pfn { return pfn((va - directBase) / PageSize) }

func index(va uint64, level int) uint64 { return va >> (12 + 9*(level-1)) & 511 }

// table is the table whose entry maps an address at a level, or else the lowest above it that is there, and its level.
func table(va uint64, level int) (at uint64, found int) {
	at = root
	for found = 4; found > level; found-- {
		e := *hypercalls.At[uint64](at + 8*index(va, found))
		if e&present == 0 {
			return at, found
		}
		at = direct(pageOf(e))
	}
	return at, found
}

func entryOf(va uint64) uint64 {
	at, level := table(va, 1)
	if level != 1 {
		return 0
	}
	return *hypercalls.At[uint64](at + 8*index(va, 1))
}

// reserve is how many pages the pool keeps: growing it may take a table of each level.
const reserve = 4

// AllocPage is a page in the direct map, of anything. There is no way to give it back.
func AllocPage() (va uint64, ok bool) {
	lock.Lock()
	va, ok = allocPage()
	lock.Unlock()
	return va, ok
}

func allocPage() (va uint64, ok bool) {
	if va = pool.spare; va != 0 {
		pool.spare = *hypercalls.At[uint64](va)
		pool.spares--
		return va, true
	}
	if pool.end-pool.next <= reserve*PageSize && !growing {
		growing = true
		grow()
		growing = false
	}
	if pool.next == pool.end {
		return 0, false
	}
	va = pool.next
	pool.next += PageSize
	return va, true
}

var growing bool

// grow maps some more pages of the direct map, as far as a table reaches. If there is no memory for that, the pool ends
// where it does.
func grow() {
	const step = 16
	l1, ok := ensure(pool.end)
	wait() // the next look at the tables has to find this one
	for range step {
		if !ok || !pages.takeThis(pageAt(pool.end)) {
			break
		}
		queue.Add(Machine(l1+8*index(pool.end, 1)), Machine(pool.end)|readWrite|noExec)
		pool.end += PageSize
		if pool.end%tableSpan == 0 {
			break
		}
	}
	wait()
}

// takeFrame takes a page for the program: a free one, or one of the pool's that it does not need.
func takeFrame() (pfn, bool) {
	p, ok := pages.take()
	switch {
	case ok:
		return p, true
	case pool.end > pool.next+reserve*PageSize:
		pool.end -= PageSize
		return pageAt(pool.end), true
	case pool.spares > reserve:
		va, _ := allocPage()
		return pageAt(va), true
	}
	return 0, false
}

// wait waits for all updates. None of this package's own can be refused, unless it is wrong; those of the program's can.
func wait() {
	queue.Wait(queue.Last())
	err := queue.RefusedAfter(asked)
	if err == 0 {
		return
	}
	var l console.Line
	l.Str("guest: the hypervisor refused an update of a page table, error ").Dec(uint64(err)).End()
	hypercalls.Shutdown(hypercall.SHUTDOWN_crash)
}
