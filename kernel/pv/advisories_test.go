package pv

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// XSA-444: AMD's address masks of breakpoints are state of the processor's that is
// not switched, so no guest can have them, nor is told of them; and no guest sets a
// breakpoint on what the processor reads of the hypervisor's part of the address space.
func TestXSA444DebugMasks(t *testing.T) {
	v := new(domain.VCPU)
	for _, msr := range []x86.MSR{0xc001_1027, 0xc001_1019, 0xc001_101a, 0xc001_101b} {
		_, ok := readMSR(v, msr)
		assert.False(t, ok, "%x", uint32(msr))
		for _, value := range []uint64{0, 1, ^uint64(0)} {
			assert.False(t, writeMSR(v, msr, value), "%x", uint32(msr))
		}
	}
	const dataBreakpointExtension = 1 << 26 // CPUID leaf 0x80000001, ECX
	assert.Zero(t, extended1ECX&dataBreakpointExtension)
	for n := range uint32(4) {
		for _, a := range []frame.VAddr{0xffff_8000_0000_0000, area, windows, windows + 64*frame.PageSize, 0xffff_87ff_ffff_ffff, 1 << 47} {
			assert.Equal(t, DRRefused, CheckedSetDR(v, n, uint64(a)), "DR%d %x", n, a)
		}
	}
	assert.Equal(t, DRRefused, CheckedSetDR(v, 7, dr7GD))
}
