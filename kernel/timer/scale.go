package timer

import "math/bits"

// Scale converts between units by a multiplication and a shift.
type Scale struct {
	mult  uint64 // the ratio, with the top bit set
	shift uint8  // out = in*mult >> shift; 0 to 127
}

// NewScale makes the conversion out = in * num / den. Neither may be 0.
func NewScale(num, den uint64) Scale {
	up, down := bits.LeadingZeros64(num), bits.LeadingZeros64(den)
	a, b := num<<up, den<<down // a/b is between 1/2 and 2
	if a < b {
		mult, _ := bits.Div64(a, 0, b)
		return Scale{mult, uint8(64 + up - down)}
	}
	mult, _ := bits.Div64(a>>1, a<<63, b)
	return Scale{mult, uint8(63 + up - down)}
}

// Apply converts, rounding down; what does not fit in 64 bits becomes the
// largest number. See the package's documentation for the precision.
func (s Scale) Apply(in uint64) uint64 {
	hi, lo := bits.Mul64(in, s.mult)
	if s.shift >= 64 {
		return hi >> (s.shift - 64)
	}
	if hi>>s.shift != 0 {
		return ^uint64(0)
	}
	return hi<<(64-s.shift) | lo>>s.shift
}
