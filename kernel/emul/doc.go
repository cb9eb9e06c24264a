// Package emul decodes and emulates the instructions of a paravirtual guest
// that its processor refuses: privileged ones, because its kernel runs at
// CPL 3, and plain writes to page tables, which it may read but not write.
//
// # A decision here, an effect there
//
// The package owns no state and makes no policy. It works in steps, with the
// hypervisor's own code between them:
//
//	Decode    bytes              → Instruction
//	Execute   privileged         → Effect: read CR3, write MSR n, port access …
//	           the caller does it, or refuses and injects an exception
//	Complete  the caller's answer → registers, flags, RIP
//
//	Propose   write to a table   → Update: (address, old entry, new entry)
//	           the caller validates it like an entry of mmu_update and exchanges it
//	Commit                       → registers, flags, RIP
//
// Until the last step the vCPU's state is unchanged, so the caller may give up
// at any point: on a refusal, or when the entry has changed meanwhile, in
// which case the guest runs its instruction again.
//
// Nothing here loops. An iteration of a repeated string instruction is a call
// of its own, and the guest returns to the same RIP for the next, where events
// and the scheduler get their turn. Nothing is remembered between calls.
//
// # What is trusted
//
// Nothing. The bytes are read again after the fault, and another vCPU may have
// changed them; so what is decoded need not be what faulted. That is harmless
// because each instruction is judged by itself: a privileged one by the mode
// that the vCPU is in now, a write by the address that it computes, which has
// to contain the one that faulted, and by the validation of the update.
//
// An address is computed, checked to be canonical at both ends, and given to the Guest
// accessor, which reaches memory with the rights of the guest. A bit
// instruction with a register operand reaches up to 2^60 bytes away from the
// address in the instruction; what counts is the address after that. No descriptor is ever
// read: in 64-bit mode only FS and GS have a base, and it comes with the
// State. Code in a 32-bit segment is not emulated at all.
//
// An instruction may end at the last canonical address. Its effect stands, and
// the guest gets #GP at the RIP behind, which the processor is never given to
// run.
//
// # What is emulated
//
//   - MOV to and from CR0, CR2, CR3, CR4, CR8 and the debug registers, CLTS,
//     INVD, WBINVD, INVLPG, RDMSR, WRMSR, RDTSC, RDTSCP, RDPMC, XGETBV, XSETBV,
//     CPUID (also behind the forced-emulation prefix), HLT, CLI, STI, and IN, OUT, INS, OUTS.
//   - Writes to memory: MOV, STOS, MOVS, XCHG, CMPXCHG, ADD, OR, ADC, SBB, AND,
//     SUB, XOR, BTS, BTR, BTC.
//
// Everything else is not: the fault goes to the guest. In particular LGDT,
// LIDT, LLDT, LTR and LMSW, for which there are hypercalls, and all that is
// coded with VEX, EVEX or XOP.
//
// # Sizes of writes
//
// An entry has 8 bytes, but kernels do write less: Linux clears a bit whose
// number is constant with LOCK AND on one byte. So operands of 1, 2, 4 and 8
// bytes are all taken, as long as they stay within one entry; the rest of the
// entry is kept, by comparison. A write across entries is not emulated: no
// kernel does it, and it would need two validations in one step.
//
// A MOV, STOS or MOVS of 8 bytes replaces the entry whatever it holds, and
// loses accessed and dirty bits set meanwhile, as on hardware. All else
// computes from the old entry and is exchanged only if that is still there:
// atomic, with LOCK or without.
//
// # Order of exceptions
//
// An instruction that the mode forbids gets #GP. I/O permission comes before
// the memory operand of a string access, and the memory operand before the
// port, because reading a device can't be undone. RFLAGS.TF makes a trap
// after each instruction, and after each iteration. Alignment checks (RFLAGS.AC) are not made.
//
// Source: AMD APM, volume 3, "Instruction Encoding" and "General-Purpose
// Instruction Reference"; Intel SDM, volume 2, "Instruction Format".
package emul
