package x86

import "tuco/kernel/frame"

// CPUID runs the instruction of that name for a leaf and subleaf.
func CPUID(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)

// RDMSR reads a model-specific register. A register that the CPU does not have
// is a fault, and so a crash: ask CPUID first, or use ReadMSRSafe.
func RDMSR(msr MSR) uint64

// WRMSR writes a model-specific register; see RDMSR.
func WRMSR(msr MSR, value uint64)

// ReadMSRSafe reads a model-specific register, or says that the CPU refused.
func ReadMSRSafe(msr MSR) (value uint64, ok bool)

// ReadCR0 and its like read and write the control registers.
func ReadCR0() uint64
func WriteCR0(value uint64)
func ReadCR2() uint64
func WriteCR2(value uint64)
func ReadCR3() uint64
func WriteCR3(value uint64)
func ReadCR4() uint64
func WriteCR4(value uint64)

// XGETBV and XSETBV read and write extended control register 0; both need CR4.OSXSAVE.
func XGETBV() uint64
func XSETBV(value uint64)

// INVLPG drops the TLB entries of a page, global ones too, on this CPU.
func INVLPG(v frame.VAddr)

// WBINVD writes all that this CPU's caches hold back to memory, and empties them.
func WBINVD()

// RDTSC reads the time stamp counter, in ticks. Earlier instructions may still be under way.
func RDTSC() uint64

// Pause tells the processor that this is a spin loop.
func Pause()

// HLT stops this CPU, interrupts disabled, until it is reset; an NMI resumes it for a moment.
func HLT()

// Idle waits for an interrupt, serves it, and returns with interrupts disabled.
func Idle()

// ServiceInterrupts lets pending interrupts in for a moment.
func ServiceInterrupts()

// DisableInterrupts clears RFLAGS.IF.
func DisableInterrupts()

// In8 and its like access an I/O port.
func In8(port uint16) uint8
func In16(port uint16) uint16
func In32(port uint16) uint32
func Out8(port uint16, value uint8)
func Out16(port uint16, value uint16)
func Out32(port uint16, value uint32)

// LoadGDT loads the global descriptor table and, through a far return, the
// code selector; the data selectors become data.
//
//go:noescape
func LoadGDT(d *TableRegister, code, data uint16)

// LoadIDT loads the interrupt descriptor table.
//
//go:noescape
func LoadIDT(d *TableRegister)

// LoadTR loads the task register.
func LoadTR(selector uint16)

// StackPointer is the caller's stack pointer, near enough to tell which stack it is on.
func StackPointer() frame.VAddr
