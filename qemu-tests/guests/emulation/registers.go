package emulation

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// The MSRs here.
const (
	msrEFER         = 0xc000_0080
	msrFSBase       = 0xc000_0100
	msrGSBase       = 0xc000_0101
	msrKernelGSBase = 0xc000_0102
	msrPAT          = 0x277
	msrNone         = 0x1234_5678
)

// msrNumber and msrValue are for code that takes no arguments.
//
//lint:ignore U1000 the assembly code reads msrNumber
var msrNumber, msrValue uint64

func readMSR()  // leaves it in msrValue
func writeMSR() // writes msrValue

func rdmsr(number uint64) (value uint64, trap pv.Trap) {
	msrNumber = number
	trap = pv.Catch(readMSR)
	return msrValue, trap
}

func wrmsr(number, value uint64) pv.Trap {
	msrNumber, msrValue = number, value
	return pv.Catch(writeMSR)
}

func msr(t *pv.T) {
	efer, trap := rdmsr(msrEFER)
	t.NoTrap("RDMSR of EFER", trap)
	const sce, lme, lma, nx = 1 << 0, 1 << 8, 1 << 10, 1 << 11
	t.Equal("EFER's bits for a 64-bit guest", efer&(sce|lme|lma|nx), sce|lme|lma|nx)
	t.NoTrap("WRMSR of EFER as it is", wrmsr(msrEFER, efer))
	pat, trap := rdmsr(msrPAT)
	t.NoTrap("RDMSR of PAT", trap)
	t.Equal("PAT, which the ABI fixes", pat, 0x0005_0100_0704_06)
	_, trap = rdmsr(msrNone)
	t.Trapped("RDMSR of no MSR", trap, pv.GP, 0)
	t.Trapped("WRMSR of no MSR", wrmsr(msrNone, 0), pv.GP, 0)
	msrNumber = msrEFER
	t.Trapped("RDMSR in user mode", pv.RunUser(readMSR), pv.GP, 0)
	t.Trapped("WRMSR in user mode", pv.RunUser(writeMSR), pv.GP, 0)
}

// msrBases reads and writes the bases of FS and GS. FS base is Go's: it is put back by assembly at once.
func msrBases(t *pv.T) {
	fs, trap := rdmsr(msrFSBase)
	t.NoTrap("RDMSR of FS_BASE", trap)
	t.Equal("FS_BASE", fs, pv.FSBase())
	gs, trap := rdmsr(msrGSBase)
	t.NoTrap("RDMSR of GS_BASE", trap)
	t.Equal("GS_BASE", gs, pv.Address(pv.This()))
	t.NoTrap("WRMSR of FS_BASE", wrmsr(msrFSBase, fs))
	t.NoTrap("WRMSR of GS_BASE", wrmsr(msrGSBase, gs))
	t.NoTrap("WRMSR of KERNEL_GS_BASE", wrmsr(msrKernelGSBase, 0x1234_5000))
	shadow, trap := rdmsr(msrKernelGSBase)
	t.NoTrap("RDMSR of KERNEL_GS_BASE", trap)
	t.Equal("KERNEL_GS_BASE", shadow, 0x1234_5000)
	t.OK("set_segment_base", pv.Call(hypercall.HYPERVISOR_set_segment_base, hypercall.SEGBASE_GS_USER, 0, 0, 0, 0))
	shadow, _ = rdmsr(msrKernelGSBase)
	t.Equal("KERNEL_GS_BASE after the hypercall", shadow, 0)
	for _, m := range [...]uint64{msrFSBase, msrGSBase, msrKernelGSBase} {
		t.Trapped("WRMSR of a base that is not canonical", wrmsr(m, nonCanonical), pv.GP, 0)
	}
}

const nonCanonical = 0x8000_0000_0000_0000

func readCR0() uint64
func readCR2() uint64
func readCR3() uint64
func writeCR0(v uint64)
func writeCR2(v uint64)
func writeCR3(v uint64)

func cr0(t *pv.T) {
	const pe, mp, ts, et, ne, wp, am, pg = 1 << 0, 1 << 1, 1 << 3, 1 << 4, 1 << 5, 1 << 16, 1 << 18, 1 << 31
	var was uint64
	t.NoTrap("read", pv.Catch(func() { was = readCR0() }))
	t.Equal("bits that are set", was&(pe|ts|ne|wp|pg), pe|ne|wp|pg)
	t.NoTrap("write as it is", pv.Catch(func() { writeCR0(was) }))
	t.Trapped("write with PG clear", pv.Catch(func() { writeCR0(was &^ pg) }), pv.GP, 0)
	t.Trapped("write with WP clear", pv.Catch(func() { writeCR0(was &^ wp) }), pv.GP, 0)
	t.Equal("after refused writes", readCR0(), was)
}

func cr2(t *pv.T) {
	t.NoTrap("write", pv.Catch(func() { writeCR2(0x1234_5678_9abc) }))
	t.Equal("read back", readCR2(), 0x1234_5678_9abc)
	t.Equal("in the shared page", pv.This().Info.Arch.CR2, 0x1234_5678_9abc)
}

func cr3(t *pv.T) {
	root := pv.MFN(pv.StartInfo.PTBase) * pv.PageSize
	var got uint64
	t.NoTrap("read", pv.Catch(func() { got = readCR3() }))
	t.Equal("CR3", got, root)
	t.NoTrap("write as it is", pv.Catch(func() { writeCR3(root) }))
	page := pv.AllocPage()
	t.Trapped("write of a frame that is mapped writable", pv.Catch(func() { writeCR3(pv.MFN(page) * pv.PageSize) }), pv.GP, 0)
	pv.FreePage(page)
	t.Equal("CR3 after a refused write", readCR3(), root)

	// Another root with the same contents.
	other := pv.AllocPage()
	*pv.At[[512]uint64](other) = *pv.At[[512]uint64](pv.StartInfo.PTBase)
	clear(pv.At[[512]uint64](other)[256:272])
	t.OK("read-only", pv.UpdateVAMapping(other, pv.MFN(other)*pv.PageSize|pv.RO, hypercall.UVMF_INVLPG))
	t.NoTrap("write of another root", pv.Catch(func() { writeCR3(pv.MFN(other) * pv.PageSize) }))
	t.Equal("CR3", readCR3(), pv.MFN(other)*pv.PageSize)
	t.NoTrap("write of the first root", pv.Catch(func() { writeCR3(root) }))
	t.OK("writable", pv.UpdateVAMapping(other, pv.MFN(other)*pv.PageSize|pv.RW, hypercall.UVMF_INVLPG))
	pv.FreePage(other)
}

func cr4(t *pv.T) {
	const tsd, de, pse, pae, vmxe, smep, pcide = 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 13, 1 << 20, 1 << 17
	var was uint64
	t.NoTrap("read", pv.Catch(func() { was = pv.ReadCR4() }))
	t.Check(was&pae != 0, "CR4 is %x: PAE is not set", was)
	t.NoTrap("write as it is", pv.Catch(func() { pv.WriteCR4(was) }))
	t.NoTrap("write with DE", pv.Catch(func() { pv.WriteCR4(was | de) }))
	t.Equal("DE", pv.ReadCR4()&de, de)
	t.NoTrap("write as it was", pv.Catch(func() { pv.WriteCR4(was) }))
	t.Equal("CR4", pv.ReadCR4(), was)
}

func debugRegisters(t *pv.T) {
	t.NoTrap("write of DR0", pv.Catch(func() { writeDR0(0x1234) }))
	t.Equal("DR0", pv.GetDebugreg(0), 0x1234)
	var got uint64
	t.NoTrap("read of DR0", pv.Catch(func() { got = readDR0() }))
	t.Equal("DR0", got, 0x1234)
	t.NoTrap("read of DR7", pv.Catch(func() { got = readDR7() }))
	t.Equal("DR7", got, 0x400)
	t.NoTrap("write of DR0", pv.Catch(func() { writeDR0(0) }))
	t.Trapped("write of an address of the hypervisor's", pv.Catch(func() { writeDR0(hypercall.HYPERVISOR_VIRT_START) }), pv.GP, 0)
	t.Trapped("read in user mode", pv.RunUser(userDR0), pv.GP, 0)
	const de = 1 << 3
	was := pv.ReadCR4()
	pv.WriteCR4(was &^ de)
	t.NoTrap("read of DR4 without CR4.DE", pv.Catch(func() { readDR4() }))
	pv.WriteCR4(was | de)
	t.Trapped("read of DR4 with CR4.DE", pv.Catch(func() { readDR4() }), pv.UD, 0)
	pv.WriteCR4(was)
}

func readDR0() uint64
func readDR4() uint64
func readDR7() uint64
func writeDR0(v uint64)
func userDR0()

func xgetbv() uint64
func xsetbv(v uint64)

func xcr0(t *pv.T) {
	const xsave = 1 << 26
	if pv.CPUID(1, 0).ECX&xsave == 0 {
		t.Skip("there is no XSAVE")
		return
	}
	const cr4OSXSAVE = 1 << 18
	control := pv.ReadCR4()
	t.NoTrap("write of CR4 without OSXSAVE", pv.Catch(func() { pv.WriteCR4(control &^ cr4OSXSAVE) }))
	t.Trapped("XSETBV without CR4.OSXSAVE", pv.Catch(func() { xsetbv(1) }), pv.UD, 0)
	t.NoTrap("write of CR4 with OSXSAVE", pv.Catch(func() { pv.WriteCR4(control | cr4OSXSAVE) }))
	was := xgetbv()
	const x87, sse, avx = 1, 2, 4
	t.Equal("x87 and SSE", was&(x87|sse), x87|sse)
	t.NoTrap("XSETBV as it is", pv.Catch(func() { xsetbv(was) }))
	t.NoTrap("XSETBV with SSE alone", pv.Catch(func() { xsetbv(x87 | sse) }))
	t.Equal("XCR0", xgetbv(), x87|sse)
	t.NoTrap("XSETBV as it was", pv.Catch(func() { xsetbv(was) }))
	t.Trapped("XSETBV without x87", pv.Catch(func() { xsetbv(sse) }), pv.GP, 0)
	t.Trapped("XSETBV with AVX and without SSE", pv.Catch(func() { xsetbv(x87 | avx) }), pv.GP, 0)
	t.Equal("XCR0", xgetbv(), was)
	t.NoTrap("write of CR4 as it was", pv.Catch(func() { pv.WriteCR4(control) }))
}

func rdtsc() uint64
func userTSC()

func tsc(t *pv.T) {
	before := rdtsc()
	t.Check(rdtsc() > before, "the TSC does not run")
	t.Trapped("RDTSC in user mode", pv.RunUser(userTSC), pv.Syscall64, 0)
	const tsd = 1 << 2
	was := pv.ReadCR4()
	t.NoTrap("CR4.TSD", pv.Catch(func() { pv.WriteCR4(was | tsd) }))
	var now uint64
	t.NoTrap("RDTSC with TSD in the kernel", pv.Catch(func() { now = rdtsc() }))
	t.Check(now > before, "the emulated TSC is behind")
	t.Trapped("RDTSC with TSD in user mode", pv.RunUser(userTSC), pv.GP, 0)
	t.NoTrap("CR4 as it was", pv.Catch(func() { pv.WriteCR4(was) }))
}
