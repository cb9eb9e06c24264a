package build

import (
	"encoding/binary"

	"tuco/kernel/frame"
)

// Entries of page tables. AMD64 Architecture Programmer's Manual vol. 2, "Long-Mode Page Translation".
const (
	present  = 1 << 0
	writable = 1 << 1
	user     = 1 << 2
	large    = 1 << 7
)

func (f *fake) entry(table frame.MFN, k uint64) (e uint64, to frame.MFN) {
	e = binary.LittleEndian.Uint64(f.page(table)[8*k:])
	return e, frame.MFN(e & (1<<52 - 1) >> frame.PageShift)
}

// walk translates an address of the guest's as a processor does, for an access by its kernel, which runs in user mode.
func (f *fake) walk(v uint64) (m frame.MFN, canWrite bool) {
	m, canWrite = frame.MFN(f.context.Ctrlreg[3]>>frame.PageShift), true
	f.must(int64(v)<<16>>16 == int64(v), "%#x is not canonical", v)
	for shift := 39; shift >= 12; shift -= 9 {
		e, to := f.entry(m, v>>shift&511)
		f.must(e&present != 0 && e&user != 0, "%#x is not mapped: entry %#x with shift %d", v, e, shift)
		f.must(shift == 12 || e&large == 0, "%#x is in a large page", v)
		canWrite = canWrite && e&writable != 0
		m = to
	}
	return m, canWrite
}

// read reads at an address of the guest's.
func (f *fake) read(v, n uint64) (b []byte) {
	for n > 0 {
		m, _ := f.walk(v)
		part := f.page(m)[v%frame.PageSize:]
		part = part[:min(n, uint64(len(part)))]
		b = append(b, part...)
		v, n = v+uint64(len(part)), n-uint64(len(part))
	}
	return b
}

// validator goes through page tables.
type validator struct {
	*fake
	tables   map[frame.MFN]int // level by frame
	writable map[frame.MFN]bool
}

func (v *validator) table(m frame.MFN, level int) {
	if was, ok := v.tables[m]; ok {
		v.must(level == was, "the table %#x is used with levels %d and %d", m, level, was)
		return
	}
	v.tables[m] = level
	for k := range uint64(512) {
		e, to := v.entry(m, k)
		switch {
		case e == 0:
		case level == 4 && k >= 256 && k < 272:
			v.must(false, "slot %d is the hypervisor's", k)
		case level > 1:
			v.must(e&present != 0 && e&large == 0, "entry %#x of a table of level %d", e, level)
			v.table(to, level-1)
		default:
			v.must(v.owns(to), "what is mapped, %#x, is not the domain's", to)
			if e&writable != 0 {
				v.writable[to] = true
			}
		}
	}
}
