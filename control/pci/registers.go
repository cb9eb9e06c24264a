package pci

// Registers of a function's header.
const (
	vendorID     = 0x00
	deviceID     = 0x02
	command      = 0x04
	status       = 0x06
	classCode    = 0x08 // with the revision in its lowest byte
	headerType   = 0x0e
	firstBAR     = 0x10
	secondaryBus = 0x19 // of a bridge
	subsystemID  = 0x2e
	firstPointer = 0x34 // to the first capability
	lineRegister = 0x3c
	pinRegister  = 0x3d
)

// Bits of the command register.
const (
	commandIO        = 1 << 0
	commandMemory    = 1 << 1
	commandMaster    = 1 << 2
	commandNoLine    = 1 << 10
	statusHasPointer = 1 << 4
)

// Kinds of header.
const (
	headerDevice    = 0
	headerBridge    = 1
	headerKind      = 0x7f
	headerFunctions = 0x80 // the device has more than one function
)

const classBridge = 0x0604 // PCI to PCI

// nobody is what the vendor of a function reads as that is not there.
const nobody = 0xffff
