package link

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFrames(t *testing.T) {
	for _, content := range [][]byte{nil, []byte("x"), {end}, {escape}, {escape, end, escapedEnd, escapedEsc}, bytes.Repeat([]byte{end}, maxContent)} {
		r := bufio.NewReader(bytes.NewReader(encode(nil, data, content)))
		kind, got, err := readFrame(r, nil)
		require.NoError(t, err)
		assert.EqualValues(t, data, kind)
		assert.True(t, bytes.Equal(content, got))
		_, err = r.ReadByte()
		assert.Equal(t, io.EOF, err, "nothing is left")
	}
	for name, bytes := range map[string][]byte{
		"empty":          {end},
		"escape and end": {data, escape, end},
		"unknown escape": {data, escape, 7, end},
		"escaped kind":   {escape, escapedEnd, end},
		"too long":       append(make([]byte, maxContent+2), end),
		"much too long":  append(make([]byte, 100*maxContent), end),
	} {
		r := bufio.NewReader(strings.NewReader(string(bytes) + string(encode(nil, answer, []byte("next")))))
		_, _, err := readFrame(r, nil)
		assert.Equal(t, errFrame, err, name)
		kind, got, err := readFrame(r, nil)
		require.NoError(t, err, name)
		assert.Equal(t, "Anext", string(kind)+string(got), "%s: the next one is found", name)
	}
	_, _, err := readFrame(bufio.NewReader(strings.NewReader("Dhalf")), nil)
	assert.Equal(t, io.ErrUnexpectedEOF, err)
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{data, escape, escapedEnd, end, end, 'x'})
	f.Add([]byte{escape, escapedEsc, escapedEnd, end})
	f.Fuzz(func(t *testing.T, input []byte) {
		r := bufio.NewReader(bytes.NewReader(input))
		buffer := make([]byte, 0, maxContent+1)
		for {
			kind, content, err := readFrame(r, buffer)
			if err == errFrame {
				continue
			}
			if err != nil {
				return
			}
			if len(content) > maxContent {
				t.Fatal("too long")
			}
			_, again, err := readFrame(bufio.NewReader(bytes.NewReader(encode(nil, kind, content))), nil)
			if err != nil || !bytes.Equal(again, content) {
				t.Fatal("another frame")
			}
		}
	})
}

// cable is a line with buffers, as a serial port has; its ends can be taken by one program after the other.
type cable struct{ a, b half }

type half struct {
	io.Reader
	io.Writer
}

func newCable() *cable {
	ra, wb := buffered()
	rb, wa := buffered()
	return &cable{half{ra, wa}, half{rb, wb}}
}

// buffered is a pipe that takes some before anybody reads.
func buffered() (io.Reader, io.Writer) {
	r, w := io.Pipe()
	room := make(chan []byte, 1000)
	go func() {
		for p := range room {
			if _, err := w.Write(p); err != nil {
				return
			}
		}
	}()
	return r, writer(func(p []byte) (int, error) { room <- bytes.Clone(p); return len(p), nil })
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// echo gives back what comes over each stream.
func echo(l *Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_, _ = io.Copy(c, c)
		}()
	}
}

func TestStreams(t *testing.T) {
	c := newCable()
	l := Listen(c.a)
	defer l.Close()
	go echo(l)
	d, err := Connect(c.b, 10*time.Second)
	require.NoError(t, err)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			s, err := d.Dial()
			if !assert.NoError(t, err) {
				return
			}
			defer s.Close()
			sent := make([]byte, 200_000)
			_, _ = rand.NewChaCha8([32]byte{byte(i)}).Read(sent)
			go func() { _, _ = s.Write(sent) }()
			got := make([]byte, len(sent))
			_, err = io.ReadFull(s, got)
			assert.NoError(t, err)
			assert.Equal(t, sha256.Sum256(sent), sha256.Sum256(got))
		})
	}
	all.Wait()
	require.NoError(t, d.Close())
}

// A program that was killed leaves an open connection and half a frame. The next one has a connection of its own, and sees nothing of the old.
func TestBeginAnew(t *testing.T) {
	c := newCable()
	l := Listen(c.a)
	defer l.Close()
	go echo(l)
	for _, left := range [][]byte{
		{data, 9, 9, 9, end}, encode(nil, hello, []byte("12345678")), encode(nil, data, []byte("nonsense to yamux")),
		encode(nil, hello, []byte("87654321")), {data, 1, 2, 3, escape},
	} {
		_, err := c.b.Write(left)
		require.NoError(t, err)
	}
	second, err := Connect(c.b, 10*time.Second)
	require.NoError(t, err)
	s, err := second.Dial()
	require.NoError(t, err)
	_, err = s.Write([]byte("second"))
	require.NoError(t, err)
	got := make([]byte, 6)
	_, err = io.ReadFull(s, got)
	require.NoError(t, err)
	assert.Equal(t, "second", string(got))
}

func TestNobodyAnswers(t *testing.T) {
	c := newCable()
	_, err := Connect(c.b, 50*time.Millisecond)
	assert.ErrorContains(t, err, "nobody has answered")
}

// The line ends.
func TestLineEnds(t *testing.T) {
	r, w := io.Pipe()
	l := Listen(half{r, io.Discard})
	w.CloseWithError(io.EOF)
	_, err := l.Accept()
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	_, err = Connect(half{strings.NewReader(""), io.Discard}, time.Minute)
	assert.Error(t, err)
	assert.Equal(t, "line", l.Addr().String())
	assert.Equal(t, "line", l.Addr().Network())
}

func TestHTTP(t *testing.T) {
	c := newCable()
	l := Listen(c.a)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "you asked for ", r.URL.Path) })}
	go server.Serve(l)
	defer server.Close()
	d, err := Connect(c.b, 10*time.Second)
	require.NoError(t, err)
	client := http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return d.Dial() }}}
	for range 10 {
		r, err := client.Get("http://host/some/thing")
		require.NoError(t, err)
		text, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		assert.Equal(t, "you asked for /some/thing", string(text))
	}
}
