package goport

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/kernel/pvelf"
)

// requireNotes requires that the hypervisor's own parser takes a file for a PV kernel.
func requireNotes(t *testing.T, file []byte) {
	t.Helper()
	var image pvelf.Image
	bad := pvelf.Parse(&image, file, ^pvelf.Features(0))
	require.True(t, bad.OK(), "%+v", bad)
	require.Equal(t, "tuco-go", string(image.GuestOS()))
}
