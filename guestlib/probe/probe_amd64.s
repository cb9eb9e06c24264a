#include "go_asm.h"
#include "textflag.h"
#include "probe.h"

// func nothing()
TEXT ·nothing(SB), NOSPLIT, $0-0
	COUNT(·before(SB))
	BEGIN
	END
	COUNT(·after(SB))
	KEEP
	RET

// func timed(c *Call)
TEXT ·timed(SB), NOSPLIT, $0-8
	COUNT(·before(SB))
	MOVQ c+0(FP), BX
	LOAD
	JMP  ·operation(SB)

// operation and operated have names so that a profile can tell what lies between the two.
TEXT ·operation(SB), NOSPLIT|NOFRAME, $0-0
	BEGIN
	REST
	SYSCALL
	MOVQ AX, R13
	END
	JMP  ·operated(SB)

TEXT ·operated(SB), NOSPLIT|NOFRAME, $0-0
	COUNT(·after(SB))
	FOUND
	RET

// func both(first, second *Call)
TEXT ·both(SB), NOSPLIT, $0-16
	COUNT(·before(SB))
	MOVQ first+0(FP), BX
	MOVQ second+8(FP), R14
	LOAD
	BEGIN
	REST
	SYSCALL
	MOVQ AX, R13
	MOVQ R14, BX
	LOAD
	REST
	SYSCALL
	ORQ  AX, R13 // errors are negative, and what comes here succeeds with 0
	END
	COUNT(·after(SB))
	FOUND
	RET

// func publish(to *uint64, value uint64, c *Call)
TEXT ·publish(SB), NOSPLIT, $0-24
	COUNT(·before(SB))
	MOVQ to+0(FP), R14
	MOVQ value+8(FP), R15
	MOVQ c+16(FP), BX
	LOAD
	BEGIN
	MOVQ R15, (R14)
	REST
	SYSCALL
	MOVQ AX, R13
	END
	COUNT(·after(SB))
	FOUND
	RET

// func sameFS()
TEXT ·sameFS(SB), NOSPLIT, $0-0
	COUNT(·before(SB))
	XORL DI, DI // SEGBASE_FS
	RDFSBASEQ SI
	BEGIN
	MOVL $nrSetSegmentBase, AX
	SYSCALL
	MOVQ AX, R13
	END
	COUNT(·after(SB))
	FOUND
	RET
