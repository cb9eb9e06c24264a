package power

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestPM1Value(t *testing.T) {
	// The type field is replaced, the enable bit of ACPI mode is kept.
	assert.EqualValues(t, 0x3401, pm1Value(0x0001, 5))
	assert.EqualValues(t, 0x2001, pm1Value(0x1c01, 0))
	assert.EqualValues(t, 0x3c03, pm1Value(0x0003, 0xff), "a type has three bits")
}
