package here

import (
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/backend"
	"tuco/guestlib/grant"
	"tuco/hypercall"
)

// TestSplit: copies are cut where this domain's pages end, and nothing is left out.
func TestSplit(t *testing.T) {
	memory := make([]byte, 5*4096)
	begin := int(-uintptr(unsafe.Pointer(&memory[0])) & 4095)
	pages := memory[begin:][:4*4096]
	frame := func(p *byte) hypercall.XenPFN {
		return hypercall.XenPFN(100 + (uintptr(unsafe.Pointer(p))-uintptr(unsafe.Pointer(&pages[0])))/4096)
	}
	transfers, parts := split(7, []backend.Copy{
		{Ref: 8, Offset: 512, Local: pages[:1024]},
		{Ref: 9, Local: pages[4096-100:][:4096], Out: true},
		{Ref: 10},
	}, frame)
	assert.Equal(t, []int{0, 1, 3, 3}, parts)
	assert.Equal(t, []grant.Transfer{
		{To: grant.Place{Own: true, Frame: 100}, From: grant.Place{Domain: 7, Ref: 8, Offset: 512}, Size: 1024},
		{To: grant.Place{Domain: 7, Ref: 9}, From: grant.Place{Own: true, Frame: 100, Offset: 3996}, Size: 100},
		{To: grant.Place{Domain: 7, Ref: 9, Offset: 100}, From: grant.Place{Own: true, Frame: 101}, Size: 3996},
	}, transfers)
}

// TestNoGuest: a program that is no guest gets errors.
func TestNoGuest(t *testing.T) {
	var m Machine
	_, err := m.Map(7, []hypercall.GrantRef{8}, true)
	require.ErrorIs(t, err, syscall.ENOSYS)
	_, err = m.Bind(7, 3)
	require.ErrorIs(t, err, syscall.ENOSYS)
}
