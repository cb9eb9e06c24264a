package klog

// Arg is one argument of a log line: a value and how it is shown.
type Arg struct {
	text string
	num  uint64
	kind kind
}

type kind uint8

const (
	kindText kind = iota
	kindDecimal
	kindUnsigned
	kindHex
	kindHex16
	kindSize
	kindBytes
	kindHexByte
	kindPadded
)

// Signed is what D takes: any whole number, defined types included.
type Signed interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint8 | ~uint16 | ~uint32
}

// Unsigned is what the functions for sizes, addresses and bit sets take.
type Unsigned interface {
	~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

// S shows a string.
func S(s string) Arg { return Arg{text: s, kind: kindText} }

// D shows a number in decimal.
func D[T Signed](v T) Arg { return Arg{num: uint64(int64(v)), kind: kindDecimal} }

// U shows an unsigned number in decimal.
func U[T Unsigned](v T) Arg { return Arg{num: uint64(v), kind: kindUnsigned} }

// X shows a number in hexadecimal, as in 0x1f.
func X[T Unsigned](v T) Arg { return Arg{num: uint64(v), kind: kindHex} }

// H16 shows 16 hexadecimal digits, for tables of registers.
func H16[T Unsigned](v T) Arg { return Arg{num: uint64(v), kind: kindHex16} }

// H2 shows a byte in two hexadecimal digits.
func H2(v uint8) Arg { return Arg{num: uint64(v), kind: kindHexByte} }

// D6 shows a number in decimal, in six digits at least, for fractions.
func D6(v uint64) Arg { return Arg{num: v, kind: kindPadded} }

// Size shows a number of bytes in the largest unit that leaves it whole, or in
// KiB rounded down where only bytes would.
func Size[T Unsigned](v T) Arg { return Arg{num: uint64(v), kind: kindSize} }

// B shows bytes as text, with anything unprintable as '?': they may come from
// a guest, and a terminal must not obey a guest.
func B(b []byte) Arg { return Arg{text: asString(b), kind: kindBytes} }
