package pvbuild

import (
	"math/rand/v2"
	unix "syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/pvelf"
	"tuco/kernel/text"
	"tuco/tools/mkkernel"
)

const (
	linuxBase = 0xffff_ffff_8000_0000
	linuxP2M  = 0x80_0000_0000
)

// fake is the memory of a machine on which a domain is built.
type fake struct {
	Memory
	content []byte
}

// newFake makes memory of so many pages, whose machine frames lie in a wild order.
// The host gives memory only where something is written.
func newFake(t testing.TB, pages uint64) *fake {
	const firstMFN = 0x10_0000
	b, err := unix.Mmap(-1, 0, int(pages*frame.PageSize), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, unix.Munmap(b)) })
	f := &fake{content: b}
	r := rand.New(rand.NewPCG(pages, 0))
	for _, k := range r.Perm(int(pages)) {
		f.Frames = append(f.Frames, firstMFN+frame.MFN(k))
	}
	f.Page = func(m frame.MFN) []byte { return b[(m-firstMFN)*frame.PageSize:][:frame.PageSize] }
	return f
}

// kernel describes a kernel for tests.
type kernel struct {
	base     uint64
	at       uint64 // physical
	data     string
	size     uint64
	p2m      uint64 // 0: no INIT_P2M
	mod      bool   // MOD_START_PFN
	page     bool   // HYPERCALL_PAGE, the first whole page of the kernel
	features uint32 // 0: no SUPPORTED_FEATURES
}

func (k kernel) file() []byte {
	m := mkkernel.Kernel{
		Segments: []mkkernel.Segment{{PAddr: k.at, Data: []byte(k.data), Size: k.size}},
		Notes: []mkkernel.Note{
			{Type: hypercall.XEN_ELFNOTE_XEN_VERSION, Content: "xen-3.0\x00"},
			{Type: hypercall.XEN_ELFNOTE_LOADER, Content: "generic\x00"},
			{Type: hypercall.XEN_ELFNOTE_VIRT_BASE, Content: k.base},
			{Type: hypercall.XEN_ELFNOTE_ENTRY, Content: k.base + k.at},
		},
	}
	add := func(typ uint32, content any) {
		m.Notes = append(m.Notes, mkkernel.Note{Type: typ, Content: content})
	}
	if k.p2m != 0 {
		add(hypercall.XEN_ELFNOTE_INIT_P2M, k.p2m)
	}
	if k.mod {
		add(hypercall.XEN_ELFNOTE_MOD_START_PFN, uint32(1))
	}
	if k.page {
		add(hypercall.XEN_ELFNOTE_HYPERCALL_PAGE, (k.base+k.at+frame.PageSize)&^(frame.PageSize-1))
	}
	if k.features != 0 {
		add(hypercall.XEN_ELFNOTE_SUPPORTED_FEATURES, k.features)
	}
	return m.Bytes()
}

func (k kernel) image(t testing.TB) *pvelf.Image {
	i := new(pvelf.Image)
	err := pvelf.Parse(i, k.file(), 0)
	var l text.Line
	require.True(t, err.OK(), "%s", err.Text(&l))
	return i
}

func layText(l *Layout, i *pvelf.Image, c *Config) string {
	err := Lay(l, i, c)
	if err.OK() {
		return ""
	}
	var line text.Line
	return string(err.Text(&line))
}

// data is content that tells places apart.
func data(n int) string {
	r := rand.NewChaCha8([32]byte{byte(n)})
	b := make([]byte, n)
	r.Read(b)
	return string(b)
}
