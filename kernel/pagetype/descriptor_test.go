package pagetype

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCheckDescriptor(t *testing.T) {
	for _, test := range []struct {
		name     string
		in, want uint64
		r        Result
	}{
		{"null", 0, 0, OK},
		{"not present, whatever else", 0x00007f0000001234, 0x00007f0000001234, OK},
		{"kernel code goes to level 3, accessed", 0x00af9a000000ffff, 0x00affb000000ffff, OK},
		{"user data stays", 0x00cff3000000ffff, 0x00cff3000000ffff, OK},
		{"task state", 0x0000890000000067, 0, BadEntry},
		{"local table", 0x0000820000000067, 0, BadEntry},
		{"call gate of level 3", 0x0000ec0000080000, 0, BadEntry},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, r := CheckDescriptor(test.in)
			assert.Equal(t, test.r, r)
			if r == OK {
				assert.Equal(t, test.want, got, "%x", got)
			}
		})
	}
}
