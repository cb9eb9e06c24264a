package vmx

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

func TestEveryNeutralReasonHasAName(t *testing.T) {
	for r := range Reason(reasons) {
		if neutral[r] != exit.Unknown {
			assert.NotEqual(t, Reason(reasons).String(), r.String(), "reason %d", r)
		}
	}
}

func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		name string
		raw  raw
		want exit.Info
	}{
		{"hypercall", raw{reason: 18, length: 3}, exit.Info{Reason: exit.Hypercall, Length: 3}},
		{"interrupt has no length", raw{reason: 1, length: 3}, exit.Info{Reason: exit.Interrupt}},
		{"page fault", raw{reason: 0, event: 0x80000b0e, errorCode: 7, qualification: 0x1234000},
			exit.Info{Reason: exit.Exception, Vector: x86.VectorPF, HasCode: true, ErrorCode: 7, Linear: 0x1234000}},
		{"invalid opcode, with a stale error code", raw{reason: 0, event: 0x80000306, errorCode: 7},
			exit.Info{Reason: exit.Exception, Vector: x86.VectorUD}},
		{"breakpoint", raw{reason: 0, event: 0x80000603, length: 1},
			exit.Info{Reason: exit.SoftwareInterrupt, Vector: x86.VectorBP, Soft: exit.SoftINT3, Length: 1}},
		{"overflow", raw{reason: 0, event: 0x80000604, length: 1},
			exit.Info{Reason: exit.SoftwareInterrupt, Vector: x86.VectorOF, Soft: exit.SoftINTO, Length: 1}},
		{"ICEBP", raw{reason: 0, event: 0x80000501, length: 1},
			exit.Info{Reason: exit.SoftwareInterrupt, Vector: x86.VectorDB, Soft: exit.SoftICEBP, Length: 1}},
		{"INT 3 in two bytes", raw{reason: 0, event: 0x80000b0d, errorCode: 0x1a, vectoring: 0x80000403, length: 2, software: true},
			exit.Info{Reason: exit.SoftwareInterrupt, Vector: x86.VectorBP, Soft: exit.SoftINT, Length: 2}},
		{"INT n that is not to exit", raw{reason: 0, event: 0x80000b0d, errorCode: 0x402, vectoring: 0x80000480, length: 2},
			exit.Info{Reason: exit.Exception, Vector: x86.VectorGP, HasCode: true, ErrorCode: 0x402}},
		{"general protection", raw{reason: 0, event: 0x80000b0d, errorCode: 8, length: 2, software: true},
			exit.Info{Reason: exit.Exception, Vector: x86.VectorGP, HasCode: true, ErrorCode: 8}},
		{"NMI", raw{reason: 0, event: 0x80000202}, exit.Info{Reason: exit.NMI}},
		{"mov cr3, r9", raw{reason: 28, length: 4, qualification: 0x903},
			exit.Info{Reason: exit.CRWrite, Register: 3, Operand: exit.R9, Length: 4}},
		{"mov rdx, cr8", raw{reason: 28, length: 4, qualification: 0x218},
			exit.Info{Reason: exit.CRRead, Register: 8, Operand: exit.RDX, Length: 4}},
		{"mov dr7, rbx", raw{reason: 29, length: 3, qualification: 0x307},
			exit.Info{Reason: exit.DRWrite, Register: 7, Operand: exit.RBX, Length: 3}},
		{"mov rax, dr6", raw{reason: 29, length: 3, qualification: 0x016},
			exit.Info{Reason: exit.DRRead, Register: 6, Operand: exit.RAX, Length: 3}},
		{"out dx, al", raw{reason: 30, length: 1, qualification: 0x3f8_0000},
			exit.Info{Reason: exit.Port, IO: exit.IO{Port: 0x3f8, Size: 1}, Length: 1}},
		{"rep insd", raw{reason: 30, length: 2, qualification: 0x1f0_003b},
			exit.Info{Reason: exit.Port, IO: exit.IO{Port: 0x1f0, Size: 4, In: true, String: true, Repeat: true}, Length: 2}},
		{"rdmsr", raw{reason: 31, length: 2}, exit.Info{Reason: exit.MSRRead, Length: 2}},
		{"invlpg", raw{reason: 14, length: 3, qualification: 0x7000},
			exit.Info{Reason: exit.INVLPG, Linear: 0x7000, Length: 3}},
		{"write to a read-only nested page", raw{reason: 48, qualification: 0x18a, linear: 0x4008, physical: 0x9008},
			exit.Info{Reason: exit.NestedFault, Physical: 0x9008, Linear: 0x4008, Access: exit.AccessWrite | exit.AccessPresent}},
		{"fetch from nowhere", raw{reason: 48, qualification: 0x184, linear: 0x4000, physical: 0x9000},
			exit.Info{Reason: exit.NestedFault, Physical: 0x9000, Linear: 0x4000, Access: exit.AccessFetch}},
		{"walk of the guest's tables", raw{reason: 48, qualification: 0x81, linear: 0x4000, physical: 0x9000},
			exit.Info{Reason: exit.NestedFault, Physical: 0x9000, Linear: 0x4000, Access: exit.AccessRead | exit.AccessWalk}},
		{"entry failed", raw{reason: 1<<31 | 33}, exit.Info{Reason: exit.Invalid}},
		{"a reason from the future", raw{reason: 900}, exit.Info{Reason: exit.Unknown}},
	} {
		var got exit.Info
		c.raw.describe(&got)
		c.want.Raw = uint64(c.raw.reason)
		c.want.Qualification = [2]uint64{c.raw.qualification, c.raw.physical}
		assert.Equal(t, c.want, got, c.name)
	}
}

func TestInterruptedEventGoesInAgainAsItWas(t *testing.T) {
	for _, info := range []uint32{
		0x80000020, // external interrupt
		0x80000202, // NMI
		0x80000b0e, // page fault with its error code
		0x80000306, // invalid opcode
	} {
		e, ok := interrupted(info, 5)
		assert.True(t, ok)
		assert.Equal(t, info, packEvent(e))
		if e.HasCode {
			assert.EqualValues(t, 5, e.ErrorCode)
		}
	}
}

func TestInstructionThatRaisesAnEventRunsAgain(t *testing.T) {
	for _, info := range []uint32{0x80000480, 0x80000603, 0x80000501, 0x0000030d} {
		_, ok := interrupted(info, 0)
		assert.False(t, ok, "%#x", info)
	}
}

func TestPackFault(t *testing.T) {
	assert.EqualValues(t, 0x80000b0d, packEvent(exit.Fault(x86.VectorGP, 0)))
	assert.EqualValues(t, 0x80000300, packEvent(exit.Fault(x86.VectorDE, 0)))
	assert.EqualValues(t, 0x800000f0, packEvent(exit.External(0xf0)))
}

func TestDebugStatus(t *testing.T) {
	const step, access = 1 << 14, 1 << 13
	assert.EqualValues(t, x86.DR6Ones|2, debugStatus(x86.DR6Ones|5, 2), "another breakpoint")
	assert.EqualValues(t, x86.DR6Ones|step|2, debugStatus(x86.DR6Ones|step, 2), "software clears it")
	assert.EqualValues(t, x86.DR6Ones|step|access, debugStatus(x86.DR6Ones, step|access|1<<12), "bit 12 is the processor's own")
}
