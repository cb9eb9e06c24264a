package pvbuild

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/pvelf"
	"tuco/kernel/text"
)

// FuzzLay: whatever a kernel wants, it gets a layout in which nothing overlaps
// and every table that is needed has its place, or an error.
func FuzzLay(f *testing.F) {
	f.Add(uint64(linuxBase), uint64(0x100_0000), uint64(0x400_0000), uint64(linuxP2M), uint64(0x4_0000), uint32(1<<20), true, true)
	f.Add(uint64(0), uint64(0), uint64(0x61_3dc8), uint64(0), uint64(0x4000), uint32(0), false, false)
	f.Add(uint64(0x1f_f000), uint64(0), uint64(5000), uint64(0x80_0000), uint64(0x4000), uint32(0), false, false)
	f.Add(uint64(0x7fff_ffc0_1000), uint64(0), uint64(5000), uint64(0), uint64(0x4000), uint32(0), false, false)
	f.Add(uint64(0xffff_ffff_ffff_0000), uint64(0), uint64(1), uint64(0xffff_8000_0000_0000), uint64(0x4000), uint32(0), false, false)
	f.Fuzz(func(t *testing.T, base, at, size, p2m, pages uint64, ramdisk uint32, mod, privileged bool) {
		k := kernel{base: base &^ 0xfff, at: at, data: "x", size: size, p2m: p2m &^ 0xfff, mod: mod}
		i, l := new(pvelf.Image), new(Layout)
		if err := pvelf.Parse(i, k.file(), 0); !err.OK() {
			return
		}
		c := Config{Pages: pages%(pvelf.MaxAddress>>frame.PageShift) + 1, Ramdisk: make([]byte, ramdisk), Privileged: privileged}
		err := Lay(l, i, &c)
		if !err.OK() {
			var line text.Line
			require.NotContains(t, string(err.Text(&line)), "%")
			return
		}
		// In the order of pseudo-physical memory.
		next := frame.PFN(0)
		parts := []Span{l.Kernel, l.StartInfo, l.Store, l.Console, l.Tables, l.Stack, {frame.PFN(l.Mapped), 0}}
		if k.p2m != 0 {
			parts = append(parts, l.P2M, l.P2MTables)
		} else {
			parts = append([]Span{l.Kernel, l.P2M}, parts[1:]...)
		}
		for _, s := range parts {
			if s.Pages != 0 && s != l.Kernel {
				require.GreaterOrEqual(t, s.First, next)
				require.False(t, l.Ramdisk.First < s.end() && s.First < l.Ramdisk.end())
			}
			next = max(next, s.end())
		}
		require.LessOrEqual(t, uint64(next), c.Pages)
		require.LessOrEqual(t, uint64(l.Ramdisk.end()), c.Pages)
		end := uint64(l.Address(frame.PFN(l.Mapped)))
		require.Zero(t, end%regionAlign)
		require.GreaterOrEqual(t, end-uint64(l.StackEnd()), uint64(padding))
		// Every table of every mapped address, and of the tables above it, is there once.
		for _, r := range []struct{ start, pages uint64 }{{uint64(l.Base), l.Mapped}, {uint64(l.p2mAddress), l.P2M.Pages}} {
			last := r.start + (r.pages-1)<<frame.PageShift
			require.LessOrEqual(t, r.start, last)
			require.False(t, r.start < hypercall.HYPERVISOR_VIRT_END && last >= 1<<47)
			for level := 1; level <= levels; level++ {
				for n := number(frame.VAddr(r.start), level); n <= number(frame.VAddr(last), level); n += 1 + (number(frame.VAddr(last), level)-n)/7 {
					p0, ok0 := l.trees[0].find(level, n)
					p1, ok1 := l.trees[1].find(level, n)
					require.NotEqual(t, ok0, ok1, "level %d number %#x", level, n)
					require.True(t, !ok0 || p0 >= l.Tables.First && p0 < l.Tables.end())
					require.True(t, !ok1 || p1 >= l.P2MTables.First && p1 < l.P2MTables.end())
				}
			}
		}
	})
}
