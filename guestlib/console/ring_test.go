package console

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/ring"
)

// daemon is the other end of a console's page.
func daemon(page *hypercall.XenconsInterface) (out, in ring.Bytes) {
	return ring.Consumer(page.Out[:], &page.OutProd, &page.OutCons), ring.Producer(page.In[:], &page.InProd, &page.InCons)
}

// attach is a new console. The tests have one after the other.
func attach(t *testing.T, page *hypercall.XenconsInterface) {
	t.Helper()
	Attach(page)
	t.Cleanup(func() { attached.up = 0 })
}

func TestNoPage(t *testing.T) {
	assert.False(t, Attached())
	_, ok := Put([]byte("x"))
	assert.False(t, ok)
	_, ok = Take(make([]byte, 1))
	assert.False(t, ok)
}

func TestBothWays(t *testing.T) {
	var page hypercall.XenconsInterface
	page.OutProd, page.OutCons, page.InProd, page.InCons = 0xffff_fff0, 0xffff_fff0, 7, 7 // it was in use before
	out, in := daemon(&page)
	attach(t, &page)

	long := strings.Repeat("0123456789", 300)
	n, ok := Put([]byte(long))
	require.True(t, ok)
	assert.Equal(t, 2048, n, "no more than there is room for")
	n, ok = Put([]byte("x"))
	assert.True(t, ok)
	assert.Zero(t, n)
	got := make([]byte, 3000)
	n, err := out.Take(got)
	require.NoError(t, err)
	assert.Equal(t, long[:2048], string(got[:n]))
	n, _ = Put([]byte("rest"))
	assert.Equal(t, 4, n)

	n, ok = Take(got)
	assert.True(t, ok)
	assert.Zero(t, n)
	_, err = in.Put([]byte("typed\n"))
	require.NoError(t, err)
	n, ok = Take(got[:3])
	require.True(t, ok)
	assert.Equal(t, "typ", string(got[:n]))
	n, _ = Take(got)
	assert.Equal(t, "ed\n", string(got[:n]))
}

// TestHostileDaemon: an index that can't be ends the use of the page, in both directions.
func TestHostileDaemon(t *testing.T) {
	for name, spoil := range map[string]func(*hypercall.XenconsInterface){
		"took what is not there": func(p *hypercall.XenconsInterface) { p.OutCons = 2 },
		"took it back":           func(p *hypercall.XenconsInterface) { p.OutCons = 0xffff_f000 },
		"typed too much":         func(p *hypercall.XenconsInterface) { p.InProd = 1025 },
		"typed it back":          func(p *hypercall.XenconsInterface) { p.InProd = 0xffff_ffff },
	} {
		t.Run(name, func(t *testing.T) {
			var page hypercall.XenconsInterface
			attach(t, &page)
			n, ok := Put([]byte("x"))
			require.True(t, ok)
			require.Equal(t, 1, n)
			spoil(&page)
			_, put := Put([]byte("y"))
			_, take := Take(make([]byte, 1))
			assert.False(t, put && take)
			assert.False(t, Attached())
			page = hypercall.XenconsInterface{}
			_, ok = Put([]byte("z"))
			assert.False(t, ok, "for good")
		})
	}
}
