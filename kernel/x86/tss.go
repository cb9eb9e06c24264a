package x86

import "tuco/kernel/frame"

// TSS is the 64-bit task state segment, in 32-bit words since its addresses
// are not aligned. APM vol. 2, "64-Bit Task State Segment".
type TSS [26]uint32

// SetIST sets a stack of the interrupt stack table, 1 to 7.
func (t *TSS) SetIST(n uint8, top frame.VAddr) {
	i := 7 + 2*int(n)
	t[i] = uint32(top)
	t[i+1] = uint32(top >> 32)
}

// NoIOBitmap puts the I/O permission bitmap past the segment's end.
func (t *TSS) NoIOBitmap() { t[25] = uint32(len(t)*4) << 16 }
