#include "textflag.h"

// func spin()
TEXT ·spin(SB), NOSPLIT|NOFRAME, $0-0
again:
	PAUSE
	JMP again
