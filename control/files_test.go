package main

import (
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
