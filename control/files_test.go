package main

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGuestFiles(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	guests, err := guestFiles(fstest.MapFS{
		"guests/b.cfg": file("name = 'b'\nkernel = 'k'\nmemory = 8"), "guests/a.cfg": file("name = 'x'\nkernel = 'k'\nmemory = 8"),
		"guests/notes.txt": file("nothing"), "k": file("kernel"),
	})
	require.NoError(t, err)
	require.Len(t, guests, 2)
	assert.Equal(t, []string{"x", "b"}, []string{guests[0].Name, guests[1].Name})

	_, err = guestFiles(fstest.MapFS{
		"guests/a.cfg": file("name = 'a'\nkernel = 'k'\nmemory = 0"), "guests/b.cfg": file("name = 'b'\nkernel = 'k'"),
	})
	assert.EqualError(t, err, `a.cfg:3: memory: 0 is too little; 1 to 16777216 MiB are possible
b.cfg: memory: missing: write memory = 128, say, in MiB`)

	_, err = guestFiles(fstest.MapFS{"k": file("kernel")})
	assert.EqualError(t, err, "the ramdisk has no guests/NAME.cfg, and so there is no guest to start")
}

func TestLines(t *testing.T) {
	var b strings.Builder
	l := lines{name: "web", to: &b}
	for _, text := range []string{"one\r\nt", "wo\n\n", "thr", "ee"} {
		l.write([]byte(text))
	}
	l.flush()
	assert.Equal(t, "web: one\nweb: two\nweb: three\n", b.String())

	b.Reset()
	for range 10 { // a guest that never ends its line
		l.write(make([]byte, 1000))
	}
	assert.Less(t, len(l.rest), lineMax)
	assert.Equal(t, 2, strings.Count(b.String(), "\n"))
}
