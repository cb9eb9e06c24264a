package progress

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestBar(t *testing.T) {
	var said strings.Builder
	b := New(&said, "kernel")
	now := b.begun
	b.now = func() time.Time { return now }
	tell := func(after time.Duration, done, total int64) string {
		now = now.Add(after)
		said.Reset()
		b.Tell(done, total)
		return strings.TrimPrefix(said.String(), "\r\x1b[K")
	}
	b.Done()
	assert.Empty(t, said.String(), "nothing was drawn")
	assert.Equal(t, "kernel  [============            ]  50 %  1 MiB of 2 MiB  1 MiB/s", tell(time.Second, 1<<20, 2<<20))
	assert.Empty(t, tell(time.Millisecond, 3<<19, 2<<20), "too soon")
	assert.Equal(t, "kernel  [========================] 100 %  2 MiB of 2 MiB  2.0 MiB/s", tell(time.Millisecond, 2<<20, 2<<20), "the end always")
	assert.Equal(t, "kernel  10 B  5 B/s", tell(998*time.Millisecond, 10, -1))
	b.Done()
	assert.Equal(t, "\r\x1b[K", said.String()[len(said.String())-4:])
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 1023: "1023 B", 1024: "1 KiB", 1536: "1.5 KiB", 64 << 20: "64 MiB", 1<<40 + 1<<39: "1.5 TiB", 123456: "121 KiB", 1 << 52: "4096 TiB",
	} {
		assert.Equal(t, want, Bytes(n))
	}
}
