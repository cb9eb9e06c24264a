package xenbus_test

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/gate"
	"tuco/guestlib/xenbus"
)

// Domain 0, as which the tests run in a guest, is started without a store.
func TestOpen(t *testing.T) {
	_, err := xenbus.Open()
	if gate.Guest() {
		require.ErrorIs(t, err, xenbus.ErrNoStore)
		return
	}
	require.ErrorIs(t, err, syscall.ENOSYS)
}
