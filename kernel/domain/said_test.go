package domain_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/domain"
)

const second = 1_000_000_000

func TestSaid(t *testing.T) {
	var s domain.Said
	const size = 128
	now := uint64(1000 * second)
	lines := 0
	for {
		may, silenced, left := s.Line(size, now)
		assert.Zero(t, left)
		if !may {
			assert.True(t, silenced)
			break
		}
		lines++
	}
	assert.Equal(t, domain.SaidBurst/size, lines)
	left := uint64(1)
	for range 1000 { // in less than the time that makes a piece
		now += second / 1000 / 2
		may, silenced, _ := s.Line(size, now)
		assert.False(t, may || silenced)
		left++
	}
	now += domain.SaidPiece * second / domain.SaidRate
	may, _, said := s.Line(size, now)
	assert.True(t, may)
	assert.Equal(t, left, said)

	total := 0
	for begun := now; now < begun+100*second; now += second / 1000 {
		if may, _, _ := s.Line(size, now); may {
			total += size
		}
	}
	assert.LessOrEqual(t, total, 100*domain.SaidRate+domain.SaidPiece)
	assert.Greater(t, total, 98*domain.SaidRate-domain.SaidPiece)

	may, _, _ = s.Line(size, math.MaxUint64) // no time is too long, or goes back
	assert.True(t, may)
	may, _, _ = s.Line(size, 0)
	assert.True(t, may)
}
