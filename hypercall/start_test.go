package hypercall

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParavirtual(t *testing.T) {
	for text, want := range map[string]bool{
		"xen-3.0-x86_64":                   true,
		"xen-3.17-x86_64":                  true,
		"xen-3.0-x86_32p":                  false,
		"xen-3.0-x86_64x":                  false,
		"xen-3.0":                          false,
		"":                                 false,
		"xen-3.00000000000000000000000000": false,
	} {
		var info StartInfo
		copy(info.Magic[:], text)
		assert.Equal(t, want, info.Paravirtual(), "%q", text)
	}
}
