#include "go_asm.h"
#include "textflag.h"
#include "probe.h"

// The frames are pushed onto the goroutine's stack, below the function's own frame: it has been touched there, so that no push
// meets a page that is not mapped.
#define ROOM \
	MOVQ $0, -128(SP) \
	LEAQ ·ignored(SB), BX

// func trapBreakpoint()
TEXT ·trapBreakpoint(SB), $256-0
	ROOM
	CALL ·seize(SB)
	COUNT(·before(SB))
	BEGIN
	INT  $3
	END
	COUNT(·after(SB))
	CALL ·release(SB)
	KEEP
	RET

// func trapInvalid()
TEXT ·trapInvalid(SB), $256-0
	ROOM
	CALL ·seize(SB)
	COUNT(·before(SB))
	BEGIN
	UD2
	END
	COUNT(·after(SB))
	CALL ·release(SB)
	KEEP
	RET

// func trapPage()
TEXT ·trapPage(SB), $256-0
	ROOM
	CALL ·seize(SB)
	COUNT(·before(SB))
	XORL BX, BX
	BEGIN
	MOVB AL, (BX)
	END
	COUNT(·after(SB))
	CALL ·release(SB)
	KEEP
	RET
