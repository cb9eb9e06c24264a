package mm

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/frame"
	"tuco/kernel/pagetype"
)

func TestCheckLDT(t *testing.T) {
	for _, test := range []struct {
		name    string
		base    frame.VAddr
		entries uint64
		want    pagetype.Result
	}{
		{"none", 0xdead, 0, pagetype.OK},
		{"one", 0x1000, 1, pagetype.OK},
		{"largest", 0xffff880000000000, 8192, pagetype.OK},
		{"too many", 0x1000, 8193, pagetype.BadValue},
		{"far too many", 0x1000, 1 << 61, pagetype.BadValue},
		{"unaligned", 0x1008, 1, pagetype.BadValue},
		{"not canonical", 0x800000000000, 1, pagetype.BadValue},
		{"ours", 0xffff800000000000, 1, pagetype.BadValue},
		{"the end of the lower half", 0x7ffffffff000, 512, pagetype.OK},
		{"over the end of the lower half", 0x7ffffffff000, 513, pagetype.BadValue},
		{"up to the end", 0xfffffffffffff000, 512, pagetype.OK},
		{"over the end", 0xfffffffffffff000, 513, pagetype.BadValue},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, CheckLDT(test.base, test.entries))
		})
	}
}
