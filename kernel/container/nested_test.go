package container

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNestedEntries(t *testing.T) {
	defer func() { vendor = NoVendor }()
	vendor = AMD
	assert.EqualValues(t, 0x12345007, NestedTable(0x12345))
	assert.EqualValues(t, uint64(0x8000_0000_1234_5005), NestedPage(0x12345, Read))
	assert.EqualValues(t, 0x12345007, NestedPage(0x12345, Read|Write|Execute))
	vendor = Intel
	assert.EqualValues(t, 0x12345007, NestedTable(0x12345))
	assert.EqualValues(t, 0x12345031, NestedPage(0x12345, Read))
	assert.EqualValues(t, 0x12345033, NestedPage(0x12345, Read|Write))
	assert.EqualValues(t, 0x12345037, NestedPage(0x12345, Read|Write|Execute))
}
