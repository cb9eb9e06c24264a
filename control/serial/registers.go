package serial

// The registers, from the port's address on.
const (
	data            = 0 // the divisor's low byte while lineDivisor is set
	interruptEnable = 1 // and its high byte
	identification  = 2 // read
	fifoControl     = 2 // written
	lineControl     = 3
	modemControl    = 4
	lineStatus      = 5
	scratch         = 7
)

// Bits of registers.
const (
	enableReceived = 1 << 0
	enableRoom     = 1 << 1

	identNone = 1 << 0 // there is no reason to interrupt

	fifoEnable = 1 << 0
	fifoClear  = 3 << 1
	fifoEight  = 2 << 6 // interrupt at 8 bytes; or at fewer, when no more come for a time

	lineEight   = 3 << 0 // bits, no parity, one stop bit
	lineDivisor = 1 << 7

	modemReady   = 1<<0 | 1<<1 // data terminal ready, request to send
	modemConnect = 1 << 3      // connects the interrupt to the line

	statusReceived = 1 << 0
	statusRoom     = 1 << 5
)

// fifo is how many bytes the port takes when it says that there is room.
const fifo = 16

// The addresses of a PC's ports, and their lines.
const (
	COM1, COM1Line = 0x3f8, 4
	COM2, COM2Line = 0x2f8, 3
)
