package mm

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What is not in an area, or not for this, is the program's fault.
func TestFaultRefuses(t *testing.T) {
	empty(t)
	_, ok := Map(at(0), PageSize, Read, true)
	require.True(t, ok)
	_, ok = Map(at(2), PageSize, None, true)
	require.True(t, ok)
	require.False(t, Fault(at(0), FaultWrite))
	require.False(t, Fault(at(1), 0))
	require.False(t, Fault(at(2), 0))
}
