package sharedinfo

import (
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"tuco/hypercall"
)

func TestLayout(t *testing.T) {
	var p Page
	var g hypercall.SharedInfo
	same := func(want, got uintptr, what string) {
		t.Helper()
		assert.Equal(t, want, got, what)
	}
	same(4096, unsafe.Sizeof(p), "page")
	same(unsafe.Offsetof(g.EvtchnPending), unsafe.Offsetof(p.Pending), "pending")
	same(unsafe.Offsetof(g.EvtchnMask), unsafe.Offsetof(p.Mask), "mask")
	same(unsafe.Offsetof(g.WcVersion), unsafe.Offsetof(p.WallVersion), "wc_version")
	same(unsafe.Offsetof(g.WcSec), unsafe.Offsetof(p.WallSec), "wc_sec")
	same(unsafe.Offsetof(g.WcNsec), unsafe.Offsetof(p.WallNsec), "wc_nsec")
	same(unsafe.Offsetof(g.WcSecHi), unsafe.Offsetof(p.WallSecHi), "wc_sec_hi")
	arch := unsafe.Offsetof(g.Arch)
	same(arch+unsafe.Offsetof(g.Arch.MaxPFN), unsafe.Offsetof(p.MaxPFN), "max_pfn")
	same(arch+unsafe.Offsetof(g.Arch.PFNToMFNFrameListList), unsafe.Offsetof(p.FrameListList), "frame list list")
	same(arch+unsafe.Offsetof(g.Arch.NMIReason), unsafe.Offsetof(p.NMIReason), "nmi_reason")
	same(arch+unsafe.Offsetof(g.Arch.P2MCR3), unsafe.Offsetof(p.P2MCR3), "p2m_cr3")
	same(arch+unsafe.Offsetof(g.Arch.P2MVaddr), unsafe.Offsetof(p.P2MVirtual), "p2m_vaddr")
	same(arch+unsafe.Offsetof(g.Arch.P2MGeneration), unsafe.Offsetof(p.P2MGeneration), "p2m_generation")

	var v VCPU
	var gv hypercall.VCPUInfo
	same(unsafe.Sizeof(gv), unsafe.Sizeof(v), "vcpu_info")
	same(unsafe.Offsetof(gv.EvtchnUpcallPending), unsafe.Offsetof(v.upcall), "upcall_pending")
	same(unsafe.Offsetof(gv.EvtchnUpcallMask), unsafe.Offsetof(v.upcall)+1, "upcall_mask")
	same(unsafe.Offsetof(gv.EvtchnPendingSel), unsafe.Offsetof(v.Selector), "pending_sel")
	same(unsafe.Offsetof(gv.Arch), unsafe.Offsetof(v.CR2), "cr2")
	same(unsafe.Offsetof(gv.Time), unsafe.Offsetof(v.Time), "time")

	var tm Time
	var gt hypercall.VCPUTimeInfo
	same(unsafe.Sizeof(gt), unsafe.Sizeof(tm), "vcpu_time_info")
	same(unsafe.Offsetof(gt.TSCTimestamp), unsafe.Offsetof(tm.Timestamp), "tsc_timestamp")
	same(unsafe.Offsetof(gt.SystemTime), unsafe.Offsetof(tm.System), "system_time")
	same(unsafe.Offsetof(gt.TSCToSystemMul), unsafe.Offsetof(tm.Mul), "tsc_to_system_mul")
	same(unsafe.Offsetof(gt.TSCShift), unsafe.Offsetof(tm.Rest), "tsc_shift")
	same(unsafe.Offsetof(gt.Flags), unsafe.Offsetof(tm.Rest)+1, "flags")
}

func TestBits(t *testing.T) {
	var w atomic.Uint64
	assert.True(t, TestAndSet(&w, 63))
	assert.False(t, TestAndSet(&w, 63))
	assert.True(t, TestAndSet(&w, 64), "a bit beyond the word is that modulo 64")
	assert.Equal(t, uint64(1<<63|1), w.Load())
	assert.True(t, Test(&w, 0))
	assert.False(t, Test(&w, 1))
	assert.True(t, TestAndClear(&w, 0))
	assert.False(t, TestAndClear(&w, 0))
	assert.Equal(t, uint64(1<<63), w.Load())
}

// Whoever finds the bit clear is the only one, as long as nobody clears it.
func TestOneWinner(t *testing.T) {
	for range 200 {
		var w atomic.Uint64
		var winners atomic.Int32
		var wg sync.WaitGroup
		for other := range 4 {
			wg.Go(func() {
				TestAndSet(&w, uint(other+1))
				if TestAndSet(&w, 0) {
					winners.Add(1)
				}
			})
		}
		wg.Wait()
		assert.EqualValues(t, 1, winners.Load())
		assert.EqualValues(t, 0x1f, w.Load())
	}
}

func TestUpcall(t *testing.T) {
	var v VCPU
	flags := (*hypercall.VCPUInfo)(unsafe.Pointer(&v))

	assert.False(t, v.UpcallPending())
	assert.True(t, v.RaiseUpcall())
	assert.False(t, v.RaiseUpcall())
	assert.EqualValues(t, 1, flags.EvtchnUpcallPending)
	assert.Zero(t, flags.EvtchnUpcallMask)
	assert.True(t, v.Deliverable())

	v.MaskUpcalls()
	assert.EqualValues(t, 1, flags.EvtchnUpcallMask)
	assert.True(t, v.UpcallMasked())
	assert.True(t, v.UpcallPending())
	assert.False(t, v.Deliverable())

	flags.EvtchnUpcallMask = 0x80 // any value but 0 masks
	assert.True(t, v.UpcallMasked())
	v.UnmaskUpcalls()
	assert.Zero(t, flags.EvtchnUpcallMask)
	assert.True(t, v.Deliverable())

	flags.EvtchnUpcallPending = 0x40 // a guest may write what it likes
	assert.True(t, v.UpcallPending())
	assert.False(t, v.RaiseUpcall())
	flags.EvtchnUpcallPending = 0
	assert.True(t, v.RaiseUpcall())
	assert.Equal(t, [6]byte{}, *(*[6]byte)(unsafe.Add(unsafe.Pointer(&v), 2)), "the padding is not ours")
}
