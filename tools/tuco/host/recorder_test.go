package host

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRecorderSeesALineInPieces(t *testing.T) {
	var log, console bytes.Buffer
	r := newRecorder(&log, &console)
	for _, piece := range []string{"tuco 1\r", "\ntuco: po", "wer off", "\r\n"} {
		n, err := r.Write([]byte(piece))
		require.NoError(t, err)
		require.Equal(t, len(piece), n)
	}
	assert.Equal(t, "tuco 1\ntuco: power off\n", log.String())
	assert.Equal(t, "tuco 1\r\ntuco: power off\r\n", console.String())
	require.Len(t, r.closed, 1)
	assert.Equal(t, PoweredOff, <-r.closed)
}

func TestRecorderTellsOnce(t *testing.T) {
	r := newRecorder(&bytes.Buffer{}, nil)
	for range 3 {
		_, err := r.Write([]byte("tuco: reboot\n" + strings.Repeat("x", 3*lineMax) + "\n"))
		require.NoError(t, err)
	}
	assert.Len(t, r.closed, 1)
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestRecorderOutlivesTheConsole(t *testing.T) {
	var log bytes.Buffer
	r := newRecorder(&log, brokenWriter{})
	for range 2 {
		_, err := r.Write([]byte("line\n"))
		require.NoError(t, err)
	}
	assert.Equal(t, "line\nline\n", log.String())
}

func TestTailBufferKeepsTheEnd(t *testing.T) {
	var b tailBuffer
	for range 3 {
		_, err := b.Write(bytes.Repeat([]byte("x"), tailBufferMax))
		require.NoError(t, err)
	}
	_, err := b.Write([]byte("end"))
	require.NoError(t, err)
	assert.Len(t, b.String(), tailBufferMax)
	assert.True(t, strings.HasSuffix(b.String(), "xend"))
}
