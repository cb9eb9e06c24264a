package container

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Bits that must not reach a control block: entries refuse a DR6 or DR7 with an
// upper half.
func TestDebugRegistersAreMadeValid(t *testing.T) {
	assert.EqualValues(t, 0xffff_0ff0, debugStatus(0))
	assert.EqualValues(t, 0xffff_efff, debugStatus(^uint64(0)))
	assert.EqualValues(t, 0x400, debugControl(0))
	assert.EqualValues(t, 0xffff_07ff, debugControl(^uint64(0)))
	assert.EqualValues(t, 0x000d_0402|1, debugControl(0x000d_0003), "what a debugger writes")
}
