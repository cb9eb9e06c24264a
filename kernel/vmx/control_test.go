package vmx

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAdjustAddsWhatTheCPUInsistsOn(t *testing.T) {
	r := Range(0x0000_00ff_0000_0016)
	set, lacks := r.Adjust(0x81)
	assert.EqualValues(t, 0x97, set)
	assert.Zero(t, lacks)
}

func TestAdjustTellsWhatTheCPULacks(t *testing.T) {
	r := Range(0x0000_007f_0000_0016)
	set, lacks := r.Adjust(0x181)
	assert.EqualValues(t, 0x17, set, "nothing is set that the CPU does not allow")
	assert.EqualValues(t, 0x180, lacks)
}

func TestEveryControlThatIsNeededHasAName(t *testing.T) {
	for w := range controls {
		for bit := range 32 {
			if b := uint32(1) << bit; wanted[w]&b != 0 {
				assert.NotEqual(t, w.String(), w.Lack(b), "bit %d", bit)
			}
		}
	}
}

func TestNoControlIsNamedThatIsNotNeeded(t *testing.T) {
	for _, n := range needNames {
		assert.Equal(t, n.bit, n.bit&wanted[n.control], n.name)
	}
}
