package host

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRecorderSeesALineInPieces(t *testing.T) {
	var log, terminal bytes.Buffer
	r := newRecorder(tucoVoice, &log, &log, &terminal, nil)
	for _, piece := range []string{"tuco 1\r", "\ntuco: po", "wer off", "\r\n"} {
		n, err := r.Write([]byte(piece))
		require.NoError(t, err)
		require.Equal(t, len(piece), n)
	}
	assert.Equal(t, "tuco 1\ntuco: power off\n", log.String())
	assert.Equal(t, "tuco 1\r\ntuco: power off\r\n", terminal.String())
	require.Len(t, r.ended, 1)
	assert.Equal(t, PoweredOff, <-r.ended)
}

func TestRecorderTellsOnce(t *testing.T) {
	r := newRecorder(tucoVoice, &bytes.Buffer{}, &bytes.Buffer{}, nil, nil)
	for range 3 {
		_, err := r.Write([]byte("tuco: reboot\n" + strings.Repeat("x", 3*lineMax) + "\n"))
		require.NoError(t, err)
	}
	assert.Len(t, r.ended, 1)
}

// A machine whose domain 0 says the hypervisor's closing words has not ended.
func TestRecorderPartsLogAndConsole(t *testing.T) {
	var log, console bytes.Buffer
	r := newRecorder(tucoVoice, &log, &console, nil, nil)
	_, err := r.Write([]byte("tuco 1\r\n(TUCO) console: now domain 0's\r\ntuco: power off\r\n# "))
	require.NoError(t, err)
	assert.Empty(t, r.ended)
	assert.Equal(t, "tuco: power off\n# ", console.String(), "a prompt does not wait for its line's end")
	_, err = r.Write([]byte("\r\n(TUCO) tuco: reboot\r\n(TUC"))
	require.NoError(t, err)
	assert.Equal(t, Rebooted, <-r.ended)
	assert.Equal(t, "tuco 1\nconsole: now domain 0's\ntuco: reboot\n", log.String())
	assert.Equal(t, "tuco: power off\n# ", console.String(), "whether the line has ended is seen by what follows")
	require.NoError(t, r.close())
	assert.Equal(t, "tuco: power off\n# \n(TUC", console.String())
}

func TestRecorderAwaitsAText(t *testing.T) {
	for _, text := range []string{"(XEN) the word", "(XEN) the word\n", "the word", "the word\n", "x\nthe (XEN) hello\nword\n"} {
		r := newRecorder(xenVoice, io.Discard, io.Discard, nil, regexp.MustCompile("the word$"))
		for _, c := range []byte(text) {
			_, err := r.Write([]byte{c})
			require.NoError(t, err)
		}
		if text == "(XEN) the word" { // the hypervisor writes whole lines
			assert.Empty(t, r.ended)
			continue
		}
		require.Len(t, r.ended, 1, "%q", text)
		assert.Equal(t, Awaited, <-r.ended)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestRecorderOutlivesTheTerminal(t *testing.T) {
	var log bytes.Buffer
	r := newRecorder(tucoVoice, &log, &log, brokenWriter{}, nil)
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
