package svm

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/exit"
)

// The offsets as the manual's table gives them.
func TestLayoutOfControlBlock(t *testing.T) {
	var v vmcb
	base := uintptr(unsafe.Pointer(&v))
	c, s := &v.control, &v.save
	assert.EqualValues(t, 0x1000, unsafe.Sizeof(v))
	assert.EqualValues(t, 0x400, unsafe.Sizeof(v.control))
	for _, f := range []struct {
		offset  uintptr
		field   unsafe.Pointer
		name    string
		size    uintptr
		correct uintptr
	}{
		{0x000, unsafe.Pointer(&c.readCR), "CR reads", unsafe.Sizeof(c.readCR), 2},
		{0x002, unsafe.Pointer(&c.writeCR), "CR writes", unsafe.Sizeof(c.writeCR), 2},
		{0x004, unsafe.Pointer(&c.readDR), "DR reads", unsafe.Sizeof(c.readDR), 2},
		{0x006, unsafe.Pointer(&c.writeDR), "DR writes", unsafe.Sizeof(c.writeDR), 2},
		{0x008, unsafe.Pointer(&c.exceptions), "exceptions", unsafe.Sizeof(c.exceptions), 4},
		{0x00c, unsafe.Pointer(&c.intercepts), "intercepts", unsafe.Sizeof(c.intercepts), 12},
		{0x03c, unsafe.Pointer(&c.pauseThreshold), "pause threshold", unsafe.Sizeof(c.pauseThreshold), 2},
		{0x03e, unsafe.Pointer(&c.pauseCount), "pause count", unsafe.Sizeof(c.pauseCount), 2},
		{0x040, unsafe.Pointer(&c.ioBitmap), "IOPM_BASE_PA", unsafe.Sizeof(c.ioBitmap), 8},
		{0x048, unsafe.Pointer(&c.msrBitmap), "MSRPM_BASE_PA", unsafe.Sizeof(c.msrBitmap), 8},
		{0x050, unsafe.Pointer(&c.tscOffset), "TSC_OFFSET", unsafe.Sizeof(c.tscOffset), 8},
		{0x058, unsafe.Pointer(&c.asid), "guest ASID", unsafe.Sizeof(c.asid), 4},
		{0x05c, unsafe.Pointer(&c.tlbControl), "TLB_CONTROL", unsafe.Sizeof(c.tlbControl), 1},
		{0x060, unsafe.Pointer(&c.virtualInterrupt), "V_TPR and so on", unsafe.Sizeof(c.virtualInterrupt), 8},
		{0x068, unsafe.Pointer(&c.shadow), "INTERRUPT_SHADOW", unsafe.Sizeof(c.shadow), 8},
		{0x070, unsafe.Pointer(&c.exitCode), "EXITCODE", unsafe.Sizeof(c.exitCode), 8},
		{0x078, unsafe.Pointer(&c.exitInfo), "EXITINFO1 and 2", unsafe.Sizeof(c.exitInfo), 16},
		{0x088, unsafe.Pointer(&c.exitIntInfo), "EXITINTINFO", unsafe.Sizeof(c.exitIntInfo), 8},
		{0x090, unsafe.Pointer(&c.nested), "NP_ENABLE", unsafe.Sizeof(c.nested), 8},
		{0x0a8, unsafe.Pointer(&c.eventInject), "EVENTINJ", unsafe.Sizeof(c.eventInject), 8},
		{0x0b0, unsafe.Pointer(&c.nestedCR3), "N_CR3", unsafe.Sizeof(c.nestedCR3), 8},
		{0x0c0, unsafe.Pointer(&c.clean), "VMCB clean bits", unsafe.Sizeof(c.clean), 4},
		{0x0c8, unsafe.Pointer(&c.nextRIP), "nRIP", unsafe.Sizeof(c.nextRIP), 8},
		{0x0d0, unsafe.Pointer(&c.fetched), "bytes fetched", unsafe.Sizeof(c.fetched), 1},
		{0x0d1, unsafe.Pointer(&c.code), "instruction bytes", unsafe.Sizeof(c.code), 15},
		{0x400, unsafe.Pointer(&s.es), "ES", unsafe.Sizeof(s.es), 16},
		{0x410, unsafe.Pointer(&s.cs), "CS", unsafe.Sizeof(s.cs), 16},
		{0x420, unsafe.Pointer(&s.ss), "SS", unsafe.Sizeof(s.ss), 16},
		{0x430, unsafe.Pointer(&s.ds), "DS", unsafe.Sizeof(s.ds), 16},
		{0x440, unsafe.Pointer(&s.fs), "FS", unsafe.Sizeof(s.fs), 16},
		{0x450, unsafe.Pointer(&s.gs), "GS", unsafe.Sizeof(s.gs), 16},
		{0x460, unsafe.Pointer(&s.gdtr), "GDTR", unsafe.Sizeof(s.gdtr), 16},
		{0x470, unsafe.Pointer(&s.ldtr), "LDTR", unsafe.Sizeof(s.ldtr), 16},
		{0x480, unsafe.Pointer(&s.idtr), "IDTR", unsafe.Sizeof(s.idtr), 16},
		{0x490, unsafe.Pointer(&s.tr), "TR", unsafe.Sizeof(s.tr), 16},
		{0x4cb, unsafe.Pointer(&s.cpl), "CPL", unsafe.Sizeof(s.cpl), 1},
		{0x4d0, unsafe.Pointer(&s.efer), "EFER", unsafe.Sizeof(s.efer), 8},
		{0x548, unsafe.Pointer(&s.cr4), "CR4", unsafe.Sizeof(s.cr4), 8},
		{0x550, unsafe.Pointer(&s.cr3), "CR3", unsafe.Sizeof(s.cr3), 8},
		{0x558, unsafe.Pointer(&s.cr0), "CR0", unsafe.Sizeof(s.cr0), 8},
		{0x560, unsafe.Pointer(&s.dr7), "DR7", unsafe.Sizeof(s.dr7), 8},
		{0x568, unsafe.Pointer(&s.dr6), "DR6", unsafe.Sizeof(s.dr6), 8},
		{0x570, unsafe.Pointer(&s.rflags), "RFLAGS", unsafe.Sizeof(s.rflags), 8},
		{0x578, unsafe.Pointer(&s.rip), "RIP", unsafe.Sizeof(s.rip), 8},
		{0x5d8, unsafe.Pointer(&s.rsp), "RSP", unsafe.Sizeof(s.rsp), 8},
		{0x5f8, unsafe.Pointer(&s.rax), "RAX", unsafe.Sizeof(s.rax), 8},
		{0x600, unsafe.Pointer(&s.star), "STAR", unsafe.Sizeof(s.star), 8},
		{0x608, unsafe.Pointer(&s.lstar), "LSTAR", unsafe.Sizeof(s.lstar), 8},
		{0x610, unsafe.Pointer(&s.cstar), "CSTAR", unsafe.Sizeof(s.cstar), 8},
		{0x618, unsafe.Pointer(&s.sfmask), "SFMASK", unsafe.Sizeof(s.sfmask), 8},
		{0x620, unsafe.Pointer(&s.kernelGSBase), "KernelGsBase", unsafe.Sizeof(s.kernelGSBase), 8},
		{0x628, unsafe.Pointer(&s.sysenterCS), "SYSENTER_CS", unsafe.Sizeof(s.sysenterCS), 8},
		{0x630, unsafe.Pointer(&s.sysenterESP), "SYSENTER_ESP", unsafe.Sizeof(s.sysenterESP), 8},
		{0x638, unsafe.Pointer(&s.sysenterEIP), "SYSENTER_EIP", unsafe.Sizeof(s.sysenterEIP), 8},
		{0x640, unsafe.Pointer(&s.cr2), "CR2", unsafe.Sizeof(s.cr2), 8},
		{0x668, unsafe.Pointer(&s.pat), "G_PAT", unsafe.Sizeof(s.pat), 8},
		{0x670, unsafe.Pointer(&s.debugCtl), "DBGCTL", unsafe.Sizeof(s.debugCtl), 8},
		{0x690, unsafe.Pointer(&s.faultTo), "LASTEXCPTO", unsafe.Sizeof(s.faultTo), 8},
	} {
		assert.Equalf(t, f.offset, uintptr(f.field)-base, "offset of %s", f.name)
		assert.Equalf(t, f.correct, f.size, "size of %s", f.name)
	}
	assert.EqualValues(t, 16, unsafe.Sizeof(segment{}))
	assert.EqualValues(t, 4, unsafe.Offsetof(segment{}.limit))
	assert.EqualValues(t, 8, unsafe.Offsetof(segment{}.base))
}

// The entry code has these numbers in it.
func TestLayoutOfRegs(t *testing.T) {
	assert.EqualValues(t, 0, exit.RegsGPR)
	assert.EqualValues(t, 128, exit.RegsXMM0)
	assert.EqualValues(t, 144, exit.RegsXMM14)
	assert.EqualValues(t, 160, exit.RegsXMM15)
	assert.EqualValues(t, [...]exit.GPR{1, 2, 3, 5, 6, 7, 15},
		[...]exit.GPR{exit.RCX, exit.RDX, exit.RBX, exit.RBP, exit.RSI, exit.RDI, exit.R15})
}
