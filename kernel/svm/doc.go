// Package svm runs guests by AMD-V, the Secure Virtual Machine extension.
//
// A guest's state is in its virtual machine control block (VMCB), a page that
// VMRUN reads and #VMEXIT writes. VMRUN moves what a guest cannot run
// without; VMSAVE and VMLOAD move the rest that software cannot reach cheaply
// (FS, GS, TR, LDTR with their hidden parts, the SYSCALL and SYSENTER
// registers); the general and vector registers are moved by the entry code.
// Each CPU has a page of its own into which its host state was saved once
// with VMSAVE, for that state never changes.
//
// # Interrupts
//
// The hypervisor runs with RFLAGS.IF clear. With V_INTR_MASKING it is the
// host's IF that decides whether a physical interrupt leaves the guest, so the
// entry code sets it just before VMRUN, with the global interrupt flag clear
// so that nothing can come in between:
//
//	CLGI; STI; VMLOAD guest; VMRUN; VMSAVE guest; VMLOAD host; CLI; STGI
//
// An interrupt then exits with VMEXIT_INTR, stays pending in the APIC, and is
// let in by the exit loop. An NMI is taken at the STGI.
//
// # What is optional
//
// Nested paging, next RIP, decode assists and clean bits are used where CPUID
// reports them. QEMU's TCG has only the first: there the length and the operand
// of an intercepted instruction are read from guest memory (decode.go).
//
// A guest's TLB entries are dropped by giving it another ASID, which every CPU
// can do (space.go).
//
// Source: AMD64 Architecture Programmer's Manual, volume 2, "Secure Virtual
// Machine" and the appendices "VMCB Layout" and "SVM Intercept Exit Codes".
package svm
