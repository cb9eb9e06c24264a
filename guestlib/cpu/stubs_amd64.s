#include "go_asm.h"
#include "textflag.h"

// Stubs of vectors. At SP the hypervisor has put RCX, R11, an error code for some vectors, and a frame as a processor's. A
// stub gives RIP's place in BX, and the rest in the CPU.

#define PLAIN(n) \
	MOVQ AX, (CPU_scratch+scratch_ax)(GS) \
	MOVQ BX, (CPU_scratch+scratch_bx)(GS) \
	MOVQ $0, (CPU_scratch+scratch_err)(GS) \
	MOVQ $n, (CPU_scratch+scratch_vector)(GS) \
	LEAQ 16(SP), BX \
	JMP  ·common(SB)

#define ERROR(n) \
	MOVQ AX, (CPU_scratch+scratch_ax)(GS) \
	MOVQ BX, (CPU_scratch+scratch_bx)(GS) \
	MOVQ 16(SP), AX \
	MOVQ AX, (CPU_scratch+scratch_err)(GS) \
	MOVQ $n, (CPU_scratch+scratch_vector)(GS) \
	LEAQ 24(SP), BX \
	JMP  ·common(SB)

#define ADDRESS(stub) \
	LEAQ stub(SB), AX \
	MOVQ AX, ret+0(FP) \
	RET

TEXT ·vector0(SB), NOSPLIT|NOFRAME, $0-0
	PLAIN(0)

// func stub0() uint64
TEXT ·stub0(SB), NOSPLIT, $0-8
	ADDRESS(·vector0)

TEXT ·vector1(SB), NOSPLIT|NOFRAME, $0-0
	PLAIN(1)

// func stub1() uint64
TEXT ·stub1(SB), NOSPLIT, $0-8
	ADDRESS(·vector1)

TEXT ·vector3(SB), NOSPLIT|NOFRAME, $0-0
	PLAIN(3)

// func stub3() uint64
TEXT ·stub3(SB), NOSPLIT, $0-8
	ADDRESS(·vector3)

TEXT ·vector4(SB), NOSPLIT|NOFRAME, $0-0
	PLAIN(4)

// func stub4() uint64
TEXT ·stub4(SB), NOSPLIT, $0-8
	ADDRESS(·vector4)

TEXT ·vector5(SB), NOSPLIT|NOFRAME, $0-0
	PLAIN(5)

// func stub5() uint64
TEXT ·stub5(SB), NOSPLIT, $0-8
	ADDRESS(·vector5)

TEXT ·vector6(SB), NOSPLIT|NOFRAME, $0-0
	PLAIN(6)

// func stub6() uint64
TEXT ·stub6(SB), NOSPLIT, $0-8
	ADDRESS(·vector6)

TEXT ·vector7(SB), NOSPLIT|NOFRAME, $0-0
	PLAIN(7)

// func stub7() uint64
TEXT ·stub7(SB), NOSPLIT, $0-8
	ADDRESS(·vector7)

TEXT ·vector10(SB), NOSPLIT|NOFRAME, $0-0
	ERROR(10)

// func stub10() uint64
TEXT ·stub10(SB), NOSPLIT, $0-8
	ADDRESS(·vector10)

TEXT ·vector11(SB), NOSPLIT|NOFRAME, $0-0
	ERROR(11)

// func stub11() uint64
TEXT ·stub11(SB), NOSPLIT, $0-8
	ADDRESS(·vector11)

TEXT ·vector12(SB), NOSPLIT|NOFRAME, $0-0
	ERROR(12)

// func stub12() uint64
TEXT ·stub12(SB), NOSPLIT, $0-8
	ADDRESS(·vector12)

TEXT ·vector13(SB), NOSPLIT|NOFRAME, $0-0
	ERROR(13)

// func stub13() uint64
TEXT ·stub13(SB), NOSPLIT, $0-8
	ADDRESS(·vector13)

TEXT ·vector14(SB), NOSPLIT|NOFRAME, $0-0
	ERROR(14)

// func stub14() uint64
TEXT ·stub14(SB), NOSPLIT, $0-8
	ADDRESS(·vector14)

TEXT ·vector16(SB), NOSPLIT|NOFRAME, $0-0
	PLAIN(16)

// func stub16() uint64
TEXT ·stub16(SB), NOSPLIT, $0-8
	ADDRESS(·vector16)

TEXT ·vector17(SB), NOSPLIT|NOFRAME, $0-0
	ERROR(17)

// func stub17() uint64
TEXT ·stub17(SB), NOSPLIT, $0-8
	ADDRESS(·vector17)

TEXT ·vector18(SB), NOSPLIT|NOFRAME, $0-0
	PLAIN(18)

// func stub18() uint64
TEXT ·stub18(SB), NOSPLIT, $0-8
	ADDRESS(·vector18)

TEXT ·vector19(SB), NOSPLIT|NOFRAME, $0-0
	PLAIN(19)

// func stub19() uint64
TEXT ·stub19(SB), NOSPLIT, $0-8
	ADDRESS(·vector19)

TEXT ·event(SB), NOSPLIT|NOFRAME, $0-0
	CMPB CPU_awaits(GS), $0
	JNE  awaited
	PLAIN(const_VectorEvent)

	// It ends a wait: await's caller looks for events itself, so all that is left to do is to return there.
awaited:
	MOVB $0, CPU_awaits(GS)
	MOVQ 40(SP), SP // as it was in await: where the return address is
	RET

// The failsafe's frame has the segment registers before RCX's place: it is never returned from.
TEXT ·failsafe(SB), NOSPLIT|NOFRAME, $0-0
	PLAIN(const_VectorFailsafe)

// func callbacks() (event, failsafe uint64)
TEXT ·callbacks(SB), NOSPLIT, $0-16
	LEAQ ·event(SB), AX
	MOVQ AX, event+0(FP)
	LEAQ ·failsafe(SB), AX
	MOVQ AX, failsafe+8(FP)
	RET
