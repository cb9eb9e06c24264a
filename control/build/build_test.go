package build

import (
	"bytes"
	"compress/gzip"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/pack"
	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/pvelf"
	"tuco/tools/mkkernel"
)

const (
	linuxBase = 0xffff_ffff_8000_0000
	linuxP2M  = 0x80_0000_0000
	mib       = 1 << 20 >> frame.PageShift
)

// elfOf writes a kernel of some bytes at 16 MiB and two pages of nothing behind them, with notes besides the usual ones.
func elfOf(base uint64, more ...mkkernel.Note) []byte { return made(base, more...).Bytes() }

func made(base uint64, more ...mkkernel.Note) *mkkernel.Kernel {
	k := mkkernel.Plain()
	k.Segments[0].Data = pattern(70_001)
	k.Segments[0].Size = 70_001 + 2*frame.PageSize
	at := k.Segments[0].PAddr
	k.Segments[0].VAddr = base + at
	k.Notes = append(k.Notes,
		mkkernel.Note{Type: hypercall.XEN_ELFNOTE_VIRT_BASE, Content: base},
		mkkernel.Note{Type: hypercall.XEN_ELFNOTE_ENTRY, Content: base + at + 16})
	k.Notes = append(k.Notes, more...)
	return k
}

// inSections writes one whose notes are in a section.
func inSections(k *mkkernel.Kernel) []byte {
	k.NoteSection = true
	return k.Bytes()
}

// turned writes one with two segments, of which the first in the table is the last in the file.
func turned(k *mkkernel.Kernel) []byte {
	first := k.Segments[0]
	k.Segments = append(k.Segments, mkkernel.Segment{VAddr: first.VAddr + 1<<20, PAddr: first.PAddr + 1<<20, Data: pattern(5000)})
	file := k.Bytes()
	table := file[elfHeader:][:2*programSize]
	copy(table, append(bytes.Clone(table[programSize:]), table[:programSize]...))
	return file
}

func pattern(n int) []byte {
	b := make([]byte, n)
	for k := range b {
		b[k] = byte(k>>8 ^ k*7 | 1)
	}
	return b
}

// vmlinuz packs a kernel like Linux's build with CONFIG_KERNEL_GZIP. Linux's Documentation/arch/x86/boot.rst.
func vmlinuz(t *testing.T, kernel []byte) []byte {
	const sectors, realMode = 3, (1 + 3) * 512
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(kernel)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	image := make([]byte, realMode, realMode+packed.Len())
	image[0x1f1] = sectors
	copy(image[0x202:], "HdrS\x0c\x02")
	binary.LittleEndian.PutUint32(image[0x24c:], uint32(packed.Len()))
	return append(image, packed.Bytes()...)
}

var (
	initP2M  = mkkernel.Note{Type: hypercall.XEN_ELFNOTE_INIT_P2M, Content: uint64(linuxP2M)}
	modStart = mkkernel.Note{Type: hypercall.XEN_ELFNOTE_MOD_START_PFN, Content: uint32(1)}
)

type domain struct {
	name string
	elf  []byte // the kernel, unpacked
	spec Spec

	hypercalls uint64 // address of the hypercall page, if it wants one
}

// domains are small kernels, and those real ones that the build has made.
func domains(t *testing.T) []domain {
	const hypercalls = 16<<20 + 0x12000
	linux := elfOf(linuxBase, initP2M, modStart)
	plain := elfOf(0, mkkernel.Note{Type: hypercall.XEN_ELFNOTE_HYPERCALL_PAGE, Content: uint64(hypercalls)})
	other, section := turned(made(linuxBase)), inSections(made(0))
	list := []domain{
		{"like linux", linux, Spec{Kernel: file(linux), Pages: 32 * mib, Ramdisk: file(pattern(12_345))}, 0},
		{"like linux, packed, with no ramdisk", linux, Spec{Kernel: file(vmlinuz(t, linux)), Pages: 32*mib + 1}, 0},
		{"like linux, both packed as the tool does", linux, Spec{Kernel: file(pack.Pack(linux)), Pages: 32 * mib, Ramdisk: file(pack.Pack(pattern(12_345)))}, 0},
		{"segments in the other order", other, Spec{Kernel: file(pack.Pack(other)), Pages: 32 * mib}, 0},
		{"notes in a section", section, Spec{Kernel: file(pack.Pack(section)), Pages: 32 * mib}, 0},
		{"like grub", plain, Spec{Kernel: file(plain), Pages: 24 * mib, Ramdisk: file(pattern(54_321))}, hypercalls},
	}
	for _, p := range []string{"../../out/programs/hello.elf", "../../out/programs/rawbench.elf"} {
		content, err := os.ReadFile(p)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the tests above have all that differs
		}
		require.NoError(t, err)
		image := new(pvelf.Image)
		bad := pvelf.Parse(image, content, 0)
		require.True(t, bad.OK(), p)
		page, _ := image.HypercallPage()
		list = append(list, domain{filepath.Base(p), content, Spec{Kernel: file(content), Pages: 64 * mib, Ramdisk: file(pattern(9_999))}, uint64(page)})
	}
	for k := range list {
		list[k].spec.Args = "console=hvc0 " + list[k].name
	}
	return list
}

func TestBuild(t *testing.T) {
	for _, d := range domains(t) {
		t.Run(d.name, func(t *testing.T) {
			p, err := Prepare(&d.spec)
			require.NoError(t, err)
			f := newFake(t, int(d.spec.Pages)+100)
			rings, err := p.Build(f)
			require.NoError(t, err)
			require.Empty(t, f.mapped)
			require.Len(t, f.given, int(d.spec.Pages))
			require.EqualValues(t, f.root.Addr(), f.context.Ctrlreg[3])
			checkRegisters(f)
			info := checkStartInfo(f, &d.spec, rings)
			checkP2M(f, info)
			checkRamdisk(f, &d.spec, info)
			checkKernel(f, &d)
			checkTables(f, info)
		})
	}
}

func file(content []byte) File { return bytes.NewReader(content) }

// contentOf is what a file has.
func contentOf(t *testing.T, f File) []byte {
	c, err := open(f)
	require.NoError(t, err)
	all := make([]byte, c.size)
	require.NoError(t, c.fill(all))
	return all
}

func checkRegisters(f *fake) {
	c, r := f.context, &f.context.UserRegs
	assert.EqualValues(f.t, hypercall.VGCF_in_kernel|hypercall.VGCF_online, c.Flags)
	assert.EqualValues(f.t, 0xe033, r.CS)
	assert.EqualValues(f.t, 0xe02b, r.SS)
	assert.EqualValues(f.t, 1<<9, r.RFLAGS)
	assert.EqualValues(f.t, r.RSP, c.KernelSP)
	assert.EqualValues(f.t, r.SS, c.KernelSS)
	_, canWrite := f.walk(r.RSP - 8)
	assert.True(f.t, canWrite, "the boot stack")
	// At least 512 KiB are mapped behind it, and the end of what is mapped is aligned.
	end := (r.RSP + 512<<10 + 4<<20 - 1) &^ (4<<20 - 1)
	for v := r.RSP; v < end; v += frame.PageSize {
		_, canWrite := f.walk(v)
		f.must(canWrite, "the padding at %#x is read only", v)
	}
}

// checkStartInfo finds start_info as the kernel would.
func checkStartInfo(f *fake, s *Spec, rings Rings) *hypercall.StartInfo {
	t, i := f.t, new(hypercall.StartInfo)
	_, err := binary.Decode(f.read(f.context.UserRegs.RSI, frame.PageSize), binary.LittleEndian, i)
	require.NoError(t, err)
	assert.True(t, i.Paravirtual())
	assert.Equal(t, s.Pages, i.NrPages)
	assert.EqualValues(t, sharedInfo.Addr(), i.SharedInfo)
	assert.Equal(t, s.Args, string(bytes.TrimRight(i.CmdLine[:], "\x00")))
	assert.Equal(t, Rings{frame.MFN(i.StoreMFN), 1, frame.MFN(i.ConsoleMFN), 2}, rings)
	assert.EqualValues(t, 1, i.StoreEvtchn)
	assert.EqualValues(t, 2, i.ConsoleEvtchn)
	for _, m := range []frame.MFN{rings.Store, rings.Console} {
		assert.Empty(t, bytes.Trim(f.page(m), "\x00"), "a ring begins empty")
	}
	assert.Zero(t, i.Flags&(hypercall.SIF_PRIVILEGED|hypercall.SIF_INITDOMAIN))
	return i
}

func checkP2M(f *fake, i *hypercall.StartInfo) {
	p2m := f.read(i.MFNList, 8*i.NrPages)
	for p := range i.NrPages {
		m := frame.MFN(binary.LittleEndian.Uint64(p2m[8*p:]))
		got, ok := f.given[m]
		if !ok || uint64(got) != p {
			require.Fail(f.t, "wrong p2m", "of page %d: %#x", p, m)
		}
	}
}

func checkRamdisk(f *fake, s *Spec, i *hypercall.StartInfo) {
	t := f.t
	if s.Ramdisk == nil {
		assert.Zero(t, i.ModLen)
		return
	}
	want := contentOf(t, s.Ramdisk)
	assert.EqualValues(t, len(want), i.ModLen)
	if i.Flags&hypercall.SIF_MOD_START_PFN == 0 {
		assert.True(t, bytes.Equal(want, f.read(i.ModStart, i.ModLen)))
		return
	}
	p2m, disk := f.read(i.MFNList, 8*i.NrPages), []byte(nil)
	for p := i.ModStart; uint64(len(disk)) < i.ModLen; p++ {
		disk = append(disk, f.page(frame.MFN(binary.LittleEndian.Uint64(p2m[8*p:])))...)
	}
	assert.True(t, bytes.Equal(want, disk[:i.ModLen]))
}

// checkKernel compares the kernel as the guest sees it with its file as another reader of ELF files sees it.
func checkKernel(f *fake, d *domain) {
	image, err := elf.NewFile(bytes.NewReader(d.elf))
	require.NoError(f.t, err)
	for _, s := range image.Progs {
		if s.Type != elf.PT_LOAD {
			continue
		}
		want := make([]byte, s.Memsz)
		_, err := s.ReadAt(want[:s.Filesz], 0)
		require.NoError(f.t, err)
		got := f.read(s.Vaddr, s.Memsz)
		if at := d.hypercalls - s.Vaddr; d.hypercalls >= s.Vaddr && at < s.Memsz {
			// push rcx, push r11, mov eax with the number, syscall.
			n := uint64(hypercall.HYPERVISOR_sched_op)
			assert.Equal(f.t, []byte{0x51, 0x41, 0x53, 0xb8, byte(n), 0, 0, 0, 0x0f, 0x05}, got[at+32*n:][:10])
			copy(want[at:], got[at:][:frame.PageSize])
		}
		assert.True(f.t, bytes.Equal(want, got), "the segment at %#x", s.Vaddr)
	}
	_, canWrite := f.walk(f.context.UserRegs.RIP)
	assert.True(f.t, canWrite, "the kernel")
}

// checkTables checks that the tables are where start_info says and that the guest sees them without being able to write.
func checkTables(f *fake, i *hypercall.StartInfo) {
	v := validator{fake: f, tables: map[frame.MFN]int{}, writable: map[frame.MFN]bool{}}
	v.table(f.root, 4)
	seen := map[frame.MFN]bool{}
	for k := range i.NrPTFrames {
		m, canWrite := f.walk(i.PTBase + k*frame.PageSize)
		assert.False(f.t, canWrite, "table %d is read only", k)
		seen[m] = true
	}
	first, _ := f.walk(i.PTBase)
	assert.Equal(f.t, f.root, first, "the root is the first")
	for m := range v.tables {
		p := uint64(f.given[m])
		inP2M := i.NrP2MFrames > 0 && p >= uint64(i.FirstP2MPFN) && p < uint64(i.FirstP2MPFN)+i.NrP2MFrames
		assert.True(f.t, seen[m] || inP2M, "the table at page %d is told of", p)
	}
}

// TestFailures: whichever call fails, the builder says which and leaves nothing mapped.
func TestFailures(t *testing.T) {
	d := domains(t)[0]
	p, err := Prepare(&d.spec)
	require.NoError(t, err)
	for k, want := range []string{
		"opening the store's port", "opening the console's port", "asking for its shared_info", "giving it 32 MiB of memory",
		"mapping its memory", "unmapping its memory", "pinning its first page tables", "setting its first vCPU's state", "",
	} {
		f := newFake(t, int(d.spec.Pages))
		f.fails = k + 1
		_, err := p.Build(f)
		require.Empty(t, f.mapped)
		if want == "" {
			require.NoError(t, err, "there is no further call")
			continue
		}
		require.ErrorIs(t, err, errFake)
		assert.EqualError(t, err, want+": "+errFake.Error())
		assert.Equal(t, k+1, f.calls, "nothing more is tried")
	}
}

// double gives the same frame for every page.
type double struct{ *fake }

func (d double) Populate(first frame.PFN, frames []frame.MFN) error {
	err := d.fake.Populate(first, frames)
	frames[1] = frames[0]
	return err
}

func (d double) Map(frames []frame.MFN) (Mapping, error) { return &window{d.fake, frames}, nil }

func TestFrameGivenTwice(t *testing.T) {
	d := domains(t)[0]
	p, err := Prepare(&d.spec)
	require.NoError(t, err)
	_, err = p.Build(double{newFake(t, int(d.spec.Pages))})
	assert.EqualError(t, err, "the hypervisor gave it a frame twice")
}

func TestBadKernels(t *testing.T) {
	good, packed := elfOf(0), vmlinuz(t, elfOf(0))
	for _, c := range []struct {
		name string
		spec Spec
		want string
	}{
		{"nothing", Spec{Kernel: file(nil), Pages: mib}, "the file is empty"},
		{"no memory", Spec{Kernel: file(good)}, "memory of 0 pages: a domain has 1 to 4294967296"},
		{"too much", Spec{Kernel: file(good), Pages: MaxPages + 1}, "memory of 4294967297 pages: a domain has 1 to 4294967296"},
		{"a script", Spec{Kernel: file([]byte("#!/bin/sh\n")), Pages: mib}, `it is no ELF file but something that begins with "#!/bin/s": the hypervisor takes ELF only`},
		{"truncated", Spec{Kernel: file(good[:1000]), Pages: 32 * mib}, "it is damaged: the ELF note at offset 70177 reaches beyond its end"},
		{"truncated and packed", Spec{Kernel: file(packed[:len(packed)-9]), Pages: 32 * mib}, fmt.Sprintf("the bzImage is truncated: its kernel ends at offset %d, the file has %d bytes", len(packed), len(packed)-9)},
		{"small", Spec{Kernel: file(good), Pages: 16 * mib}, "memory of 16 MiB is too small: the kernel ends at 17 MiB; with page tables and all it needs at least 20 MiB"},
		{"a long line", Spec{Kernel: file(good), Pages: 32 * mib, Args: string(pattern(1024))}, "the kernel's command line has 1024 bytes; the ABI has room for 1023"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Prepare(&c.spec)
			assert.Nil(t, p)
			assert.EqualError(t, err, c.want)
		})
	}
}
