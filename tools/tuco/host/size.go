package host

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A Size is an amount of memory in bytes.
type Size uint64

// The units of [ParseSize].
const (
	KiB Size = 1 << 10
	MiB Size = 1 << 20
	GiB Size = 1 << 30
	TiB Size = 1 << 40
)

// ParseSize reads a number with an optional unit K, M, G or T (powers of 1024; a following iB or B is allowed, and
// case does not matter). A number with no unit means MiB, as in QEMU and xl.
func ParseSize(text string) (Size, error) {
	digits := strings.TrimRight(text, "kKmMgGtTiIbB")
	number, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("size %q: want a number with an optional unit, such as 512M or 1G", text)
	}
	var unit Size
	switch strings.ToLower(text[len(digits):]) {
	case "k", "kb", "kib":
		unit = KiB
	case "", "m", "mb", "mib":
		unit = MiB
	case "g", "gb", "gib":
		unit = GiB
	case "t", "tb", "tib":
		unit = TiB
	default:
		return 0, fmt.Errorf("size %q: unknown unit %q, want K, M, G or T", text, text[len(digits):])
	}
	if number > math.MaxUint64/uint64(unit) {
		return 0, fmt.Errorf("size %q is too large", text)
	}
	return Size(number) * unit, nil
}

// String gives the size in the largest unit that divides it, in the form that [ParseSize] reads.
func (s Size) String() string {
	switch {
	case s != 0 && s%GiB == 0:
		return fmt.Sprintf("%dG", s/GiB)
	case s%MiB == 0:
		return fmt.Sprintf("%dM", s/MiB)
	}
	return fmt.Sprintf("%dK", s/KiB)
}

// Up rounds the size up to whole MiB, which is precise enough to talk about.
func (s Size) Up() Size { return (s + MiB - 1) / MiB * MiB }
