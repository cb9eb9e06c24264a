package client_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/api/wire"
	"tuco/tools/tuco/client"
	"tuco/tools/tuco/client/fakehost"
)

// serving is a client of whoever serves so.
func serving(t *testing.T, serve http.HandlerFunc) *client.Client {
	t.Helper()
	server := httptest.NewServer(serve)
	t.Cleanup(server.Close)
	return client.New(strings.TrimPrefix(server.URL, "http://"), "token")
}

func TestAnswersOfOthers(t *testing.T) {
	for _, test := range []struct {
		serve http.HandlerFunc
		want  string
	}{
		{func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "<html>") }, "answers what can't be read"},
		{func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no such page", http.StatusNotFound) }, "404 Not Found no such page"},
		{func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) }, "502 Bad Gateway"},
		{func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/v1/host", http.StatusFound) }, "302 Found"},
	} {
		_, err := serving(t, test.serve).Host(t.Context())
		assert.ErrorContains(t, err, test.want)
		assert.NotErrorIs(t, err, client.ErrUnreachable)
	}
	c := serving(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "text") })
	_, err := c.Console(t.Context(), "web")
	assert.ErrorContains(t, err, `gives no console but "200 OK"`)
}

// Nobody listens; or somebody takes connections and closes them, as QEMU does for a machine that is not ready yet.
func TestUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := client.New(l.Addr().String(), "token")
	taken := make(chan bool)
	go func() {
		defer close(taken)
		conn, err := l.Accept()
		if err == nil {
			conn.Close()
		}
	}()
	_, err = c.Host(t.Context())
	assert.ErrorIs(t, err, client.ErrUnreachable)
	<-taken
	l.Close()
	c = client.New("127.0.0.1:1", "token")
	_, err = c.Host(t.Context())
	assert.ErrorIs(t, err, client.ErrUnreachable)

	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Host(canceled)
	assert.Equal(t, context.Canceled, err)
}

// endless has zeros for ever, and counts those that were taken.
type endless struct{ taken int }

func (e *endless) Read(p []byte) (int, error) {
	clear(p)
	e.taken += len(p)
	return len(p), nil
}

// What the host refuses at the head of a request is not sent.
func TestRefusalBeforeTheBody(t *testing.T) {
	h := fakehost.Start(t)
	file := &endless{}
	_, err := client.New(h.Address, "wrong").Create(t.Context(), client.Guest{Kernel: client.File{Name: "kernel", Content: file, Size: 1 << 40}}, nil)
	assert.True(t, client.IsUnauthorized(err), "%v", err)
	assert.Zero(t, file.taken)
}

func TestProgress(t *testing.T) {
	h := fakehost.Start(t)
	c := client.New(h.Address, fakehost.Token)
	defer c.Close()
	content := bytes.Repeat([]byte("content "), 50_000)
	last, of := int64(0), int64(0)
	tell := func(done, total int64) {
		assert.Greater(t, done, last)
		last, of = done, total
	}
	_, err := c.Import(t.Context(), "v", wire.FormatRaw, client.File{Content: bytes.NewReader(content), Size: int64(len(content))}, tell)
	require.NoError(t, err)
	assert.EqualValues(t, len(content), last)
	assert.EqualValues(t, len(content), of)

	last = 0
	var back bytes.Buffer
	require.NoError(t, c.Export(t.Context(), "v", wire.FormatRaw, &back, tell))
	assert.Equal(t, content, back.Bytes())
	assert.EqualValues(t, len(content), last)
}

// An image whose end doesn't come is no image.
func TestExportThatBreaksOff(t *testing.T) {
	c := serving(t, func(w http.ResponseWriter, r *http.Request) {
		w.Write([]byte("the beginning"))
		http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	err := c.Export(t.Context(), "v", wire.FormatRaw, io.Discard, nil)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

// Names are escaped as they have to be: whatever a user types, it stays a name.
func TestNames(t *testing.T) {
	asked := ""
	c := serving(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r.RequestURI
		w.WriteHeader(http.StatusNoContent)
	})
	for name, want := range map[string]string{"web": "web", "a/../b?c#d": "a%2F..%2Fb%3Fc%23d", "web@monday": "web@monday", "..": ".."} {
		require.NoError(t, c.DeleteVolume(t.Context(), name))
		assert.Equal(t, "/v1/volumes/"+want, asked)
	}
}
