package limit_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"tuco/control/limit"
)

func TestIdle(t *testing.T) {
	var i limit.Idle
	waits := func(n int) (total time.Duration) {
		for range n {
			total += i.Looked(false)
		}
		return total
	}
	assert.Zero(t, waits(16))
	assert.Equal(t, time.Millisecond, i.Looked(false))
	assert.Equal(t, 2*time.Millisecond, i.Looked(false))
	assert.Equal(t, (3+4+5+6+7+8+9+10+90)*time.Millisecond, waits(17))
	assert.Zero(t, i.Looked(true), "whoever has found something goes on at once")
	assert.Zero(t, waits(16))
	i.Looked(true)
	for range 1000 { // as with a peer that works
		assert.Zero(t, waits(10)+i.Looked(true))
	}
}
