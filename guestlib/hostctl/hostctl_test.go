package hostctl

import (
	"context"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/hypercall"
)

// A program that is no guest learns so, and changes nothing.
func TestNoGuest(t *testing.T) {
	_, err := Open()
	assert.Equal(t, ErrNoInterface, err)
	h := &Host{MaxDomains: 64, MaxVCPUs: 64}
	_, err = h.List()
	assert.ErrorIs(t, err, syscall.ENOSYS)
	_, err = h.Create(Spec{Name: "a", Pages: 1, VCPUs: 1})
	assert.ErrorIs(t, err, syscall.ENOSYS)
	assert.ErrorIs(t, (&Domain{ID: 1, Serial: 1}).Destroy(context.Background()), syscall.ENOSYS)
}

// What does not fit into the structure is refused before it is cut.
func TestCreateRefused(t *testing.T) {
	h := &Host{}
	for what, s := range map[string]Spec{
		"a long name":     {Name: string(make([]byte, 65)), Pages: 1, VCPUs: 1},
		"negative vCPUs":  {Pages: 1, VCPUs: -1},
		"negative weight": {Pages: 1, VCPUs: 1, Weight: -1},
		"negative cap":    {Pages: 1, VCPUs: 1, Cap: -1},
	} {
		_, err := h.Create(s)
		assert.ErrorIs(t, err, syscall.EINVAL, what)
	}
	for _, level := range []int{-1, 0, 5} {
		assert.ErrorIs(t, (&Domain{}).Pin(level, 0), syscall.EINVAL)
	}
}

func TestFailure(t *testing.T) {
	assert.NoError(t, failure("x", 0))
	assert.ErrorIs(t, failure("x", hypercall.EPERM), ErrNotPrivileged)
	assert.ErrorIs(t, failure("x", hypercall.ESRCH), ErrGone)
	for _, e := range []hypercall.Errno{hypercall.EPERM, hypercall.ESRCH, hypercall.EACCES, hypercall.EEXIST} {
		assert.ErrorIs(t, failure("x", e), syscall.Errno(e))
		assert.ErrorContains(t, failure("look at it", e), "look at it")
	}
}
