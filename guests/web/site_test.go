package main

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/guests/web/shelf"
)

// memory is a disk.
type memory []byte

func (m memory) Size() int64                              { return int64(len(m)) }
func (m memory) Flush() error                             { return nil }
func (m memory) ReadAt(p []byte, off int64) (int, error)  { return copy(p, m[off:]), nil }
func (m memory) WriteAt(p []byte, off int64) (int, error) { return copy(m[off:], p), nil }

func TestSite(t *testing.T) {
	disk := make(memory, 1<<20)
	open := func() *site {
		files, err := shelf.Open(disk)
		require.NoError(t, err)
		s, err := newSite(files)
		require.NoError(t, err)
		return s
	}
	s := open()
	for _, test := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/", "", 200, "start 1 of its disk"},
		{"GET", "/files/a.txt", "", 404, ""},
		{"PUT", "/files/a.txt", "hello", 204, ""},
		{"GET", "/files/a.txt", "", 200, "hello"},
		{"GET", "/", "", 200, `<li><a href="/files/a.txt">a.txt</a>`},
		{"PUT", "/files/_starts", "9", 400, "a file can't have this name"},
		{"GET", "/files/_starts", "", 404, ""},
		{"DELETE", "/files/_starts", "", 404, "there is no such file"},
		{"PUT", "/files/%3Cb%3E", "x", 400, "a file can't have this name"},
		{"PUT", "/files/large", strings.Repeat("x", maxFile+1), 413, "at most 1048576 bytes"},
		{"PUT", "/files/large", strings.Repeat("x", maxFile-1), 507, "the disk has no room for it"},
		{"PUT", "/files/b", "", 204, ""},
		{"DELETE", "/files/b", "", 204, ""},
		{"DELETE", "/files/b", "", 404, "there is no such file"},
		{"POST", "/files/b", "", 405, ""},
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(test.method, test.path, strings.NewReader(test.body)))
		assert.Equal(t, test.status, w.Code, "%s %s", test.method, test.path)
		assert.Contains(t, w.Body.String(), test.want, "%s %s", test.method, test.path)
	}
	s = open()
	assert.Equal(t, 2, s.starts)
	assert.Equal(t, []string{"a.txt"}, s.names())
}

func TestWords(t *testing.T) {
	address, listen, err := words([]string{"ip=10.0.0.2/24,10.0.0.1"})
	require.NoError(t, err)
	assert.Equal(t, "10.0.0.2/24,10.0.0.1", address.String())
	assert.Equal(t, ":80", listen)
	for word, want := range map[string]string{"": "has no ip=", "ip=x": "ip=x: ", "port=80": `unknown word "port=80"`} {
		_, _, err := words(strings.Fields(word))
		assert.ErrorContains(t, err, want)
	}
}
