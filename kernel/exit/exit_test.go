package exit

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/x86"
)

func TestEveryReasonHasAName(t *testing.T) {
	seen := map[string]Reason{}
	for r := range Reasons {
		name := r.String()
		assert.NotEmpty(t, name, "reason %d", r)
		assert.NotContains(t, seen, name)
		seen[name] = r
	}
	assert.Equal(t, "impossible exit reason", Reasons.String())
}

func TestFaultHasTheErrorCodeThatTheProcessorWouldPush(t *testing.T) {
	assert.Equal(t, Event{Vector: 14, Kind: EventException, HasCode: true, ErrorCode: 6}, Fault(x86.VectorPF, 6))
	assert.False(t, Fault(x86.VectorUD, 0).HasCode)
	assert.True(t, Fault(x86.VectorDF, 0).HasCode)
}

func TestSegmentAttributes(t *testing.T) {
	// Of the descriptors 00af9b…, 00cffb…, 00cff3… with the limit's nibble taken out.
	assert.EqualValues(t, 0xa9b, SegmentPresent|SegmentCode|SegmentLong|SegmentGran)
	assert.EqualValues(t, 0xcfb, SegmentPresent|SegmentCode|SegmentBig|SegmentGran|SegmentDPL(3))
	assert.EqualValues(t, 0xcf3, SegmentPresent|SegmentData|SegmentBig|SegmentGran|SegmentDPL(3))
	assert.EqualValues(t, 0x08b, SegmentPresent|SegmentTSS)
	assert.EqualValues(t, 3, (SegmentPresent | SegmentDPL(3)).DPL())
	assert.EqualValues(t, 0, (SegmentPresent | SegmentLong | SegmentGran).DPL())
}

func TestAllExceptionsLeavesNMIToItsOwnControl(t *testing.T) {
	assert.Zero(t, AllExceptions&(1<<x86.VectorNMI))
	assert.NotZero(t, AllExceptions&(1<<x86.VectorPF))
}
