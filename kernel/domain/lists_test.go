package domain

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLists(t *testing.T) {
	var l Lists
	for n := range uint32(1100) {
		before := l
		l.Count(n)
		for element := range l {
			shortest, longest := l.Bounds(element)
			within := uint64(n) >= shortest && (uint64(n) <= longest || longest == 0 && element != 0)
			assert.Equal(t, within, l[element] != before[element], "%d in element %d", n, element)
		}
	}
	l.Count(1<<32 - 1)
	sum := l
	sum.Add(&l)
	assert.Equal(t, 2*l[lengths-1], sum[lengths-1])
	assert.Equal(t, uint64(2), sum[0])
}
