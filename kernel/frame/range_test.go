package frame

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRange(t *testing.T) {
	r := Between(3, 7)
	assert.EqualValues(t, 4, r.Len())
	assert.Zero(t, Between(7, 3).Len())
	for m, want := range map[MFN]bool{2: false, 3: true, 6: true, 7: false} {
		assert.Equal(t, want, r.Contains(m), m)
	}
	for _, test := range []struct {
		other Range
		want  bool
	}{
		{Between(0, 3), false},
		{Between(0, 4), true},
		{Between(4, 5), true},
		{Between(6, 9), true},
		{Between(7, 9), false},
		{Between(5, 5), false},
		{Between(9, 2), false},
	} {
		assert.Equal(t, test.want, r.Overlaps(test.other), test.other)
		assert.Equal(t, test.want, test.other.Overlaps(r), test.other)
	}
}
