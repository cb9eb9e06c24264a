package api

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/api/wire"
)

func TestToken(t *testing.T) {
	w := newWorld(t)
	w.begin("web")
	for _, header := range []string{"", token, "bearer " + token, "Bearer " + token + "x", "Bearer " + token[1:], "Bearer ", "Basic " + token} {
		for _, path := range []string{wire.PathHost, wire.PathMetrics, wire.PathOpenAPI, wire.PathDomains + "/web", "/nowhere"} {
			r, err := http.NewRequest("DELETE", w.http.URL+path, strings.NewReader("what is not read"))
			require.NoError(t, err)
			if header != "" {
				r.Header.Set("Authorization", header)
			}
			a, text := w.do(r)
			assert.Contains(t, w.isError(http.StatusUnauthorized, a, text), "the token is wrong or missing")
			assert.Contains(t, a.Header.Get("WWW-Authenticate"), "Bearer")
			assert.True(t, a.Close, "the connection ends")
		}
	}
	assert.Empty(t, w.asked)
	assert.LessOrEqual(t, strings.Count(w.logged(), "level=WARN"), 10, "who tries many tokens does not fill the log")
	assert.NotContains(t, w.logged(), token)
}

func TestBodies(t *testing.T) {
	w := newWorld(t)
	const kind = "application/json"
	for _, c := range []struct {
		status           int
		kind, body, says string
	}{
		{http.StatusBadRequest, kind, ``, "EOF"},
		{http.StatusBadRequest, kind, `{"name":"a","size":1e9`, "unexpected EOF"},
		{http.StatusBadRequest, kind, `{"name":"a","size":"large"}`, "cannot unmarshal"},
		{http.StatusBadRequest, kind, `{"name":"a","sizes":1}`, `unknown field "sizes"`},
		{http.StatusBadRequest, kind, `{"name":"a","size":512} {}`, "something follows it"},
		{http.StatusBadRequest, kind, `[]`, "cannot unmarshal"},
		{http.StatusBadRequest, kind, `{"name":"a","size":1}`, "not a volume's size"},
		{http.StatusBadRequest, kind, `{"name":"a","size":-512}`, "not a volume's size"},
		{http.StatusBadRequest, kind, `{"name":"a@b","size":512}`, "@ is for snapshots"},
		{http.StatusBadRequest, kind, `{"name":"../a","size":512}`, "not a volume's name"},
		{http.StatusBadRequest, kind, `{"name":"a","size":512,"clone":"b"}`, `leave out "size"`},
		{http.StatusNotFound, kind, `{"name":"a","clone":"b"}`, "there is no such volume"},
		{http.StatusRequestEntityTooLarge, kind, `{"name":"` + strings.Repeat("a", maxJSON) + `"}`, "too large"},
		{http.StatusUnsupportedMediaType, "text/plain", `{"name":"a","size":512}`, "Content-Type: application/json"},
		{http.StatusUnsupportedMediaType, "", `{"name":"a","size":512}`, "Content-Type: application/json"},
	} {
		assert.Contains(t, w.refused(c.status, "POST", wire.PathVolumes, c.kind, strings.NewReader(c.body)), c.says, c.body)
	}
	assert.Empty(t, w.names())
}

// A client that announces a body and does not send it, or does not take its answer, is not waited for.
func TestSlow(t *testing.T) {
	const short = 50 * time.Millisecond
	w := newWorld(t, func(o *Options) { o.Patience = short })
	head := func(method, path string, length int) string {
		return fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", method, path, token, length)
	}
	for _, begun := range []string{
		head("POST", wire.PathVolumes, 100) + `{"name":`,
		head("PUT", wire.PathVolumes+"/a"+wire.Content, 1<<20) + "something",
	} {
		c := w.dial()
		_, err := io.WriteString(c, begun)
		require.NoError(t, err)
		a, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err)
		text, err := io.ReadAll(a.Body)
		require.NoError(t, err)
		w.isError(http.StatusRequestTimeout, a, text)
		_, err = c.Read(make([]byte, 1))
		assert.ErrorIs(t, err, io.EOF, "the connection ends")
	}
	assert.Empty(t, w.names())

	const size = 8 << 20 // more than waits on the way
	require.NoError(t, w.server.Volumes.Create("large", size))
	c := w.dial()
	require.NoError(t, c.(*net.TCPConn).SetReadBuffer(4096))
	_, err := io.WriteString(c, head("GET", wire.PathVolumes+"/large"+wire.Content, 0))
	require.NoError(t, err)
	require.Eventually(t, func() bool { return strings.Contains(w.logged(), "an export has not come to its end") }, time.Minute, short)
	assert.Eventually(t, func() bool { return w.server.Volumes.Delete("large") == nil }, time.Minute, short, "nobody reads it any more")
}

// A header that does not come, or is too long, ends the connection.
func TestHeaders(t *testing.T) {
	w := newWorld(t)
	c := w.dial()
	_, err := io.WriteString(c, "GET /v1/host HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 2*maxHeader)+"\r\n\r\n")
	require.NoError(t, err)
	a, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	assert.Equal(t, http.StatusRequestHeaderFieldsTooLarge, a.StatusCode)
	assert.NotZero(t, w.server.http.ReadHeaderTimeout)
	assert.NotZero(t, w.server.http.IdleTimeout)

	c = w.dial()
	_, err = io.WriteString(c, "\x16\x03\x01 this is not HTTP\r\n\r\n")
	require.NoError(t, err)
	a, err = http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	assert.Equal(t, http.StatusBadRequest, a.StatusCode)
	var h wire.Host
	assert.Equal(t, http.StatusOK, w.json("GET", wire.PathHost, nil, &h), "others are served")
}

// More connections than the limit wait; those that were there are served, and when they go the others are.
func TestConnections(t *testing.T) {
	w := newWorld(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := New(w.server.Options)
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	ask := func(c net.Conn) {
		_, err := io.WriteString(c, "GET /v1/host HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "+token+"\r\n\r\n")
		require.NoError(t, err)
	}
	answered := func(c net.Conn) {
		a, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, a.StatusCode)
	}
	var all []net.Conn
	for range maxConnections {
		c, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		defer c.Close()
		ask(c)
		answered(c)
		all = append(all, c)
	}
	late, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	defer late.Close()
	ask(late)
	require.NoError(t, late.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
	_, err = late.Read(make([]byte, 1))
	require.ErrorContains(t, err, "timeout")
	ask(all[0])
	answered(all[0])
	require.NoError(t, all[1].Close())
	require.NoError(t, late.SetReadDeadline(time.Now().Add(time.Minute)))
	answered(late)
	require.NoError(t, s.Close())
	require.NoError(t, <-served)
}

// A handler that panics is an error of ours, which is told, and no more than that.
func TestPanic(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.PowerOff = func() { panic("a mistake") } })
	r, err := http.NewRequest("POST", w.http.URL+wire.PathHost+wire.PowerOff, nil)
	require.NoError(t, err)
	r.Header.Set("Authorization", wire.Bearer+token)
	a, err := w.http.Client().Do(r)
	if err == nil { // the answer may have got out before the connection ended
		a.Body.Close()
	}
	var h wire.Host
	assert.Equal(t, http.StatusOK, w.json("GET", wire.PathHost, nil, &h))
	assert.Eventually(t, func() bool { return strings.Contains(w.logged(), `reason="a mistake"`) }, time.Minute, time.Millisecond)
}

func TestSum(t *testing.T) {
	w := newWorld(t)
	assert.Equal(t, sha256.Sum256([]byte(token)), w.server.Token, "the server has no token, only its sum")
}

// A client that sends all before it listens hears why it was refused, though the answer came long before its end: the connection isn't reset under it.
func TestRefusedInTheMiddleOfABody(t *testing.T) {
	w := newWorld(t)
	w.begin("web")
	kind, body := formOf(t, formPart{"config", strings.Replace(webFile, "ramdisk = 'web.cpio'", "", 1)}, formPart{"kernel", strings.Repeat("k", 4<<20)})
	for _, request := range []struct {
		path, kind string
		status     int
	}{
		{"POST " + wire.PathDomains, kind, http.StatusConflict},
		{"PUT " + wire.PathVolumes + "/a@b" + wire.Content, "application/octet-stream", http.StatusBadRequest},
	} {
		c := w.dial()
		_, err := fmt.Fprintf(c, "%s HTTP/1.1\r\nHost: h\r\nAuthorization: %s%s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", request.path, wire.Bearer, token, request.kind, body.Len())
		require.NoError(t, err)
		_, err = c.Write(body.Bytes())
		require.NoError(t, err)
		a, err := http.ReadResponse(bufio.NewReader(c), nil)
		require.NoError(t, err)
		text, err := io.ReadAll(a.Body)
		require.NoError(t, err)
		w.isError(request.status, a, text)
	}
}

// One that waits to be told to go on is not told, but why it was refused.
func TestRefusedBeforeABody(t *testing.T) {
	w := newWorld(t)
	c := w.dial()
	_, err := fmt.Fprintf(c, "PUT %s/a@b%s HTTP/1.1\r\nHost: h\r\nAuthorization: %s%s\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n", wire.PathVolumes, wire.Content, wire.Bearer, token)
	require.NoError(t, err)
	a, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	text, err := io.ReadAll(a.Body)
	require.NoError(t, err)
	w.isError(http.StatusBadRequest, a, text)
}
