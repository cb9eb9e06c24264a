package pv

import (
	"os"
	"regexp"
	"strconv"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/guestmem"
	"tuco/kernel/pagetype"
	"tuco/kernel/x86"
)

// constants reads the stub's .equ lines.
func constants(t *testing.T) map[string]uint64 {
	t.Helper()
	source, err := os.ReadFile("stub.S")
	require.NoError(t, err)
	equ := map[string]uint64{}
	for _, m := range regexp.MustCompile(`(?m)^\t\.equ\t(\w+),\s+(0x[0-9a-f]+|\d+)\b`).FindAllStringSubmatch(string(source), -1) {
		value, err := strconv.ParseUint(m[2], 0, 64)
		require.NoError(t, err)
		equ[m[1]] = value
	}
	return equ
}

// The stub's source and the Go code agree on where things are.
func TestStubOffsets(t *testing.T) {
	equ := constants(t)
	var s domain.Stub
	var info hypercall.VCPUInfo
	var iret hypercall.IretContext
	for name, offset := range map[string]uintptr{
		"IST": unsafe.Offsetof(s.TSS.IST1), "IO_BASE": unsafe.Offsetof(s.TSS.IOBase),
		"KERNEL": unsafe.Offsetof(s.Kernel), "RETURNS": unsafe.Offsetof(s.Returns),
		"SYSCALL_MASKS": unsafe.Offsetof(s.SyscallMasks), "FAULT_MASKS": unsafe.Offsetof(s.FaultMasks),
		"IO_KERNEL": unsafe.Offsetof(s.IOKernel), "IO_USER": unsafe.Offsetof(s.IOUser),
		"KERNEL_ROOT": unsafe.Offsetof(s.KernelRoot), "USER_ROOT": unsafe.Offsetof(s.UserRoot),
		"KERNEL_SP": unsafe.Offsetof(s.KernelSP), "STACK_TOP": unsafe.Offsetof(s.StackTop),
		"SYSCALL": unsafe.Offsetof(s.Syscall), "FAULT": unsafe.Offsetof(s.Fault), "INFO": unsafe.Offsetof(s.Info),
		"GUEST_CR2": unsafe.Offsetof(s.CR2),
		"SAVED_RAX": unsafe.Offsetof(s.Call) + unsafe.Offsetof(s.Call.RAX),
		"SAVED_RBX": unsafe.Offsetof(s.Call) + unsafe.Offsetof(s.Call.RBX),
		"SAVED_RSP": unsafe.Offsetof(s.Call) + unsafe.Offsetof(s.Call.RSP),
		"FAULT_RAX": unsafe.Offsetof(s.AtFault) + unsafe.Offsetof(s.AtFault.RAX),
		"FAULT_RBX": unsafe.Offsetof(s.AtFault) + unsafe.Offsetof(s.AtFault.RBX),
		"FAULT_CR2": unsafe.Offsetof(s.AtFault) + unsafe.Offsetof(s.AtFault.CR2),

		"RETURN_RIP":   unsafe.Offsetof(s.Return) + unsafe.Offsetof(s.Return.RIP),
		"RETURN_FLAGS": unsafe.Offsetof(s.Return) + unsafe.Offsetof(s.Return.RFLAGS),
		"RETURN_RSP":   unsafe.Offsetof(s.Return) + unsafe.Offsetof(s.Return.RSP),
		"OWN_RIP":      unsafe.Offsetof(s.Own) + unsafe.Offsetof(s.Own.RIP),
		"OWN_CS":       unsafe.Offsetof(s.Own) + unsafe.Offsetof(s.Own.CS),
		"OWN_FLAGS":    unsafe.Offsetof(s.Own) + unsafe.Offsetof(s.Own.RFLAGS),
		"OWN_RSP":      unsafe.Offsetof(s.Own) + unsafe.Offsetof(s.Own.RSP),
		"OWN_SS":       unsafe.Offsetof(s.Own) + unsafe.Offsetof(s.Own.SS),
		"FRAME_CODE":   unsafe.Offsetof(s.Frame),
		"FRAME_RIP":    unsafe.Offsetof(s.Frame) + unsafe.Offsetof(s.Frame.RIP),
		"FRAME_CS":     unsafe.Offsetof(s.Frame) + unsafe.Offsetof(s.Frame.CS),
		"FRAME_FLAGS":  unsafe.Offsetof(s.Frame) + unsafe.Offsetof(s.Frame.RFLAGS),
		"FRAME_RSP":    unsafe.Offsetof(s.Frame) + unsafe.Offsetof(s.Frame.RSP),
		"FRAME_SS":     unsafe.Offsetof(s.Frame) + unsafe.Offsetof(s.Frame.SS),
		"NESTED":       unsafe.Offsetof(s.Frame) - unsafe.Offsetof(s.Nested),

		"PENDING": unsafe.Offsetof(info.EvtchnUpcallPending), "MASK": unsafe.Offsetof(info.EvtchnUpcallMask),
		"INFO_CR2": unsafe.Offsetof(info.Arch),

		"IRET_RAX": unsafe.Offsetof(iret.RAX), "IRET_R11": unsafe.Offsetof(iret.R11), "IRET_RCX": unsafe.Offsetof(iret.RCX),
		"IRET_HOW": unsafe.Offsetof(iret.Flags), "IRET_RIP": unsafe.Offsetof(iret.RIP), "IRET_CS": unsafe.Offsetof(iret.CS),
		"IRET_FLAGS": unsafe.Offsetof(iret.RFLAGS), "IRET_RSP": unsafe.Offsetof(iret.RSP), "IRET_SS": unsafe.Offsetof(iret.SS),
	} {
		assert.EqualValues(t, offset, equ[name], name)
	}
	assert.EqualValues(t, frame.PageSize, unsafe.Sizeof(s), "its frames are at the page's end")
	assert.EqualValues(t, frame.PageSize, unsafe.Offsetof(s.Frame)+unsafe.Sizeof(s.Frame))
	assert.EqualValues(t, plainFrame, unsafe.Offsetof(s.Frame))
	assert.EqualValues(t, nestedFrame, unsafe.Offsetof(s.Nested))
	assert.EqualValues(t, idtOffset, unsafe.Offsetof(s.IDT))
	assert.EqualValues(t, 0x68, unsafe.Sizeof(s.TSS))
}

// … and on numbers.
func TestStubNumbers(t *testing.T) {
	equ := constants(t)
	const plain = x86.FlagCF | x86.FlagPF | x86.FlagAF | x86.FlagZF | x86.FlagSF | x86.FlagDF | x86.FlagOF | x86.FlagID
	for name, value := range map[string]uint64{
		"CALL_STACK_SWITCH": uint64(hypercall.HYPERVISOR_stack_switch), "CALL_XEN_VERSION": uint64(hypercall.HYPERVISOR_xen_version),
		"CALL_FPU_TASKSWITCH": uint64(hypercall.HYPERVISOR_fpu_taskswitch), "CR0_TS": x86.CR0TS, "CALL_IRET": uint64(hypercall.HYPERVISOR_iret), "VERSION": Version, "IN_SYSCALL": hypercall.VGCF_in_syscall,
		"CS64": hypercall.FLAT_RING3_CS64, "CS64_KERNEL": hypercall.FLAT_KERNEL_CS64 &^ selectorRPL,
		"SS64":       hypercall.FLAT_RING3_SS64,
		"PF_PRESENT": x86.PFPresent, "PF_WRITE": x86.PFWrite, "PF_USER": x86.PFUser, "PF_FETCH": x86.PFFetch,
		"IF":    x86.FlagIF,
		"SHOWN": userFlags(^uint64(0))&^x86.FlagIF | x86.FlagOne,
		"KEPT":  plain | x86.FlagOne,
		"TAKEN": plain | x86.FlagRF | x86.FlagAC | x86.FlagIF | x86.FlagOne,
	} {
		assert.Equal(t, value, equ[name], name)
	}
	// The area is all addresses with these upper bits, and no others are.
	for slot := range uint64(pagetype.Entries) {
		a := frame.VAddr(int64(slot<<55) >> 16)
		assert.Equal(t, !guestmem.Usable(a), uint64(a)>>equ["AREA_SHIFT"] == equ["AREA"], "%x", a)
	}
}

func TestSetKernelSP(t *testing.T) {
	var s domain.Stub
	for sp, top := range map[uint64]uint64{
		0x7fff_ffff_fff8: 0x7fff_ffff_fff0, 0xffff_8800_0000_1000: 0xffff_8800_0000_1000,
		0xffff_8000_0000_0000: domain.NoStack, 0xffff_8080_0020_0000: domain.NoStack, 0xffff_87ff_ffff_ffff: domain.NoStack,
	} {
		s.SetKernelSP(sp)
		assert.Equal(t, sp, s.KernelSP)
		assert.Equal(t, top, s.StackTop, "%x", sp)
	}
}

func TestGateDescriptor(t *testing.T) {
	assert.Equal(t, [2]uint64{0x9abc_8e01_e008_def0, 0x1234_5678}, gateDescriptor(0x1234_5678_9abc_def0))
}

func TestBitmap(t *testing.T) {
	assert.Greater(t, noBitmap, tssLimit, "a bitmap that begins there permits nothing")
	assert.Less(t, tssLimit, (1+bitmapPages)*frame.PageSize)
	assert.LessOrEqual(t, infoPage, domain.AreaPages-1)
}
