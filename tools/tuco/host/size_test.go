package host

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParseSize(t *testing.T) {
	for text, want := range map[string]Size{
		"512": 512 * MiB, "512M": 512 * MiB, "1g": GiB, "1GiB": GiB, "2gb": 2 * GiB, "64k": 64 * KiB, "3T": 3 * TiB, "0": 0,
	} {
		got, err := ParseSize(text)
		assert.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "M", "-1M", "1P", "1.5G", "1G2", "G1", "99999999999999999999", "20000000000000G", "1MM"} {
		_, err := ParseSize(text)
		assert.Error(t, err, text)
	}
}

func TestSizeStringReadsBack(t *testing.T) {
	for _, size := range []Size{KiB, 3 * MiB, 1536 * MiB, 2 * GiB, 0} {
		got, err := ParseSize(size.String())
		assert.NoError(t, err)
		assert.Equal(t, size, got)
	}
}
