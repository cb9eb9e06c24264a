#include "textflag.h"

// func CPUID(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)
TEXT ·CPUID(SB), NOSPLIT, $0-24
	MOVL leaf+0(FP), AX
	MOVL subleaf+4(FP), CX
	CPUID
	MOVL AX, eax+8(FP)
	MOVL BX, ebx+12(FP)
	MOVL CX, ecx+16(FP)
	MOVL DX, edx+20(FP)
	RET

// func RDMSR(msr MSR) uint64
TEXT ·RDMSR(SB), NOSPLIT, $0-16
	MOVL msr+0(FP), CX
	RDMSR
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, ret+8(FP)
	RET

// func WRMSR(msr MSR, value uint64)
TEXT ·WRMSR(SB), NOSPLIT, $0-16
	MOVL msr+0(FP), CX
	MOVQ value+8(FP), AX
	MOVQ AX, DX
	SHRQ $32, DX
	WRMSR
	RET

// func ReadMSRSafe(msr MSR) (value uint64, ok bool)
//
// The read stands in a function of its own, so that the #GP handler knows it
// by its address; it resumes the caller with CX cleared.
TEXT ·ReadMSRSafe(SB), NOSPLIT, $0-17
	MOVL msr+0(FP), CX
	MOVL $0, AX
	MOVL $0, DX
	CALL ·rdmsrGuarded(SB)
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, value+8(FP)
	MOVB CX, ok+16(FP)
	RET

TEXT ·rdmsrGuarded(SB), NOSPLIT|NOFRAME, $0-0
	RDMSR
	MOVL $1, CX
	RET

// func guardedRead() frame.VAddr
TEXT ·guardedRead(SB), NOSPLIT, $0-8
	LEAQ ·rdmsrGuarded(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func ReadCR0() uint64
TEXT ·ReadCR0(SB), NOSPLIT, $0-8
	MOVQ CR0, AX
	MOVQ AX, ret+0(FP)
	RET

// func WriteCR0(value uint64)
TEXT ·WriteCR0(SB), NOSPLIT, $0-8
	MOVQ value+0(FP), AX
	MOVQ AX, CR0
	RET

// func ReadCR2() uint64
TEXT ·ReadCR2(SB), NOSPLIT, $0-8
	MOVQ CR2, AX
	MOVQ AX, ret+0(FP)
	RET

// func WriteCR2(value uint64)
TEXT ·WriteCR2(SB), NOSPLIT, $0-8
	MOVQ value+0(FP), AX
	MOVQ AX, CR2
	RET

// func ReadCR3() uint64
TEXT ·ReadCR3(SB), NOSPLIT, $0-8
	MOVQ CR3, AX
	MOVQ AX, ret+0(FP)
	RET

// func WriteCR3(value uint64)
TEXT ·WriteCR3(SB), NOSPLIT, $0-8
	MOVQ value+0(FP), AX
	MOVQ AX, CR3
	RET

// func ReadCR4() uint64
TEXT ·ReadCR4(SB), NOSPLIT, $0-8
	MOVQ CR4, AX
	MOVQ AX, ret+0(FP)
	RET

// func WriteCR4(value uint64)
TEXT ·WriteCR4(SB), NOSPLIT, $0-8
	MOVQ value+0(FP), AX
	MOVQ AX, CR4
	RET

// func XGETBV() uint64
TEXT ·XGETBV(SB), NOSPLIT, $0-8
	MOVL $0, CX
	XGETBV
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, ret+0(FP)
	RET

// func XSETBV(value uint64)
TEXT ·XSETBV(SB), NOSPLIT, $0-8
	MOVL $0, CX
	MOVQ value+0(FP), AX
	MOVQ AX, DX
	SHRQ $32, DX
	BYTE $0x0f; BYTE $0x01; BYTE $0xd1 // XSETBV
	RET

// func INVLPG(v frame.VAddr)
TEXT ·INVLPG(SB), NOSPLIT, $0-8
	MOVQ v+0(FP), AX
	INVLPG (AX)
	RET

// func WBINVD()
TEXT ·WBINVD(SB), NOSPLIT, $0-0
	WBINVD
	RET

// func RDTSC() uint64
TEXT ·RDTSC(SB), NOSPLIT, $0-8
	RDTSC
	SHLQ $32, DX
	ORQ  DX, AX
	MOVQ AX, ret+0(FP)
	RET

// func Pause()
TEXT ·Pause(SB), NOSPLIT, $0-0
	PAUSE
	RET

// func HLT()
TEXT ·HLT(SB), NOSPLIT, $0-0
	CLI
	HLT
	RET

// func Idle()
TEXT ·Idle(SB), NOSPLIT, $0-0
	STI
	HLT
	CLI
	RET

// func ServiceInterrupts()
TEXT ·ServiceInterrupts(SB), NOSPLIT, $0-0
	STI
	BYTE $0x90 // the instruction after STI is still uninterruptible
	PAUSE      // where one CPU after the other is emulated, the others' turn: a guest that never halts would leave them behind
	CLI
	RET

// func DisableInterrupts()
TEXT ·DisableInterrupts(SB), NOSPLIT, $0-0
	CLI
	RET

// func In8(port uint16) uint8
TEXT ·In8(SB), NOSPLIT, $0-9
	MOVW port+0(FP), DX
	INB
	MOVB AX, ret+8(FP)
	RET

// func In16(port uint16) uint16
TEXT ·In16(SB), NOSPLIT, $0-10
	MOVW port+0(FP), DX
	INW
	MOVW AX, ret+8(FP)
	RET

// func In32(port uint16) uint32
TEXT ·In32(SB), NOSPLIT, $0-12
	MOVW port+0(FP), DX
	INL
	MOVL AX, ret+8(FP)
	RET

// func Out8(port uint16, value uint8)
TEXT ·Out8(SB), NOSPLIT, $0-3
	MOVW port+0(FP), DX
	MOVB value+2(FP), AX
	OUTB
	RET

// func Out16(port uint16, value uint16)
TEXT ·Out16(SB), NOSPLIT, $0-4
	MOVW port+0(FP), DX
	MOVW value+2(FP), AX
	OUTW
	RET

// func Out32(port uint16, value uint32)
TEXT ·Out32(SB), NOSPLIT, $0-8
	MOVW port+0(FP), DX
	MOVL value+4(FP), AX
	OUTL
	RET

// func LoadGDT(d *TableRegister, code, data uint16)
TEXT ·LoadGDT(SB), NOSPLIT, $0-12
	MOVQ    d+0(FP), AX
	ADDQ    $6, AX                        // past the padding of TableRegister
	MOVWQZX code+8(FP), CX
	MOVWQZX data+10(FP), DX
	BYTE    $0x0f; BYTE $0x01; BYTE $0x10 // LGDT (AX)
	MOVW    DX, DS
	MOVW    DX, ES
	MOVW    DX, SS

	// FS and GS: loading a selector clears the base, which holds the TLS.
	PUSHQ CX
	LEAQ  reloaded<>(SB), AX
	PUSHQ AX
	BYTE  $0x48; BYTE $0xcb // RETFQ, to the RET below

TEXT reloaded<>(SB), NOSPLIT|NOFRAME, $0-0
	RET

// func LoadIDT(d *TableRegister)
TEXT ·LoadIDT(SB), NOSPLIT, $0-8
	MOVQ d+0(FP), AX
	ADDQ $6, AX
	BYTE $0x0f; BYTE $0x01; BYTE $0x18 // LIDT (AX)
	RET

// func LoadTR(selector uint16)
TEXT ·LoadTR(SB), NOSPLIT, $0-2
	MOVWQZX selector+0(FP), AX
	BYTE    $0x0f; BYTE $0x00; BYTE $0xd8 // LTR AX
	RET

// func StackPointer() frame.VAddr
TEXT ·StackPointer(SB), NOSPLIT, $0-8
	LEAQ ret+0(FP), AX
	MOVQ AX, ret+0(FP)
	RET
