package crash

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/idt"
	"tuco/kernel/layout"
	"tuco/kernel/percpu"
)

// TestTrap reads the instruction that raises a report.
func TestTrap(t *testing.T) {
	code := *(*[2]byte)(layout.Pointer(trapped() - 2))
	assert.Equal(t, [2]byte{0xcd, byte(idt.BugVector)}, code)
}

// TestRunning counts a CPU once, however often it stops.
func TestRunning(t *testing.T) {
	defer stopped.Store(0)
	for range 3 {
		_, ok := percpu.Add(0)
		assert.True(t, ok)
		defer percpu.Drop()
	}
	assert.Equal(t, 3, running())
	stopped.Or(1 << 2)
	stopped.Or(1 << 2)
	assert.Equal(t, 2, running())
	stopped.Or(1<<1 | 1<<3)
	assert.Zero(t, running())
}
