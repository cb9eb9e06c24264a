package text

import "math/bits"

// Equal says whether b and s are the same text.
func Equal(b []byte, s string) bool { return string(b) == s }

// HasPrefix says whether b begins with s.
func HasPrefix(b []byte, s string) bool {
	return len(b) >= len(s) && string(b[:len(s)]) == s
}

// Uint reads all of b as an unsigned number: decimal, or hexadecimal after
// 0x. It fails on an empty text, on any other character (also a sign) and
// on a number above 64 bits.
func Uint(b []byte) (v uint64, ok bool) {
	base := uint64(10)
	if HasPrefix(b, "0x") || HasPrefix(b, "0X") {
		base, b = 16, b[2:]
	}
	if len(b) == 0 {
		return 0, false
	}
	for _, c := range b {
		d := uint64(digit(c))
		if d >= base {
			return 0, false
		}
		hi, lo := bits.Mul64(v, base)
		sum, carry := bits.Add64(lo, d, 0)
		if hi != 0 || carry != 0 {
			return 0, false
		}
		v = sum
	}
	return v, true
}

// digit is the value of a digit in base up to 16, or 255.
func digit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}

// Bytes reads a size: a number as in Uint and one of the suffixes B, K, M,
// G, T in either case, in powers of 1024. A number without a suffix is
// multiplied by unit. It fails as Uint does, and where the result does not
// fit in 64 bits.
func Bytes(b []byte, unit uint64) (v uint64, ok bool) {
	if len(b) == 0 {
		return 0, false
	}
	hex := HasPrefix(b, "0x") || HasPrefix(b, "0X")
	last := len(b) - 1
	switch b[last] {
	case 'b', 'B':
		if !hex { // in a hexadecimal number it is a digit
			unit, b = 1, b[:last]
		}
	case 'k', 'K':
		unit, b = 1<<10, b[:last]
	case 'm', 'M':
		unit, b = 1<<20, b[:last]
	case 'g', 'G':
		unit, b = 1<<30, b[:last]
	case 't', 'T':
		unit, b = 1<<40, b[:last]
	}
	n, ok := Uint(b)
	if !ok {
		return 0, false
	}
	hi, lo := bits.Mul64(n, unit)
	return lo, hi == 0
}

// Lower is c in lower case if it is an ASCII letter.
func Lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
