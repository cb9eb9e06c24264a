package pvbuild

import (
	"testing"

	"tuco/kernel/frame"
)

// BenchmarkBuild builds a domain of 1 GiB with a kernel of 25 MiB and a ramdisk of 8.
func BenchmarkBuild(b *testing.B) {
	k := kernel{base: linuxBase, at: 0x100_0000, data: data(25 << 20), p2m: linuxP2M, mod: true}
	i, l := k.image(b), new(Layout)
	c := &Config{Pages: 1 << 30 / frame.PageSize, Privileged: true, Ramdisk: make([]byte, 8<<20)}
	f := newFake(b, c.Pages)
	for b.Loop() {
		if err := Lay(l, i, c); !err.OK() {
			b.Fatal("no layout")
		}
		Build(l, i, c, &f.Memory)
	}
}
