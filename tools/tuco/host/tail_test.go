package host

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWriteTail(t *testing.T) {
	outcome := &Outcome{Log: "one\ntwo\nthree\n", LogPath: "/x/hypervisor.log", Emulator: "warning: w\n", image: "/nonexistent"}
	var b strings.Builder
	require.NoError(t, outcome.WriteTail(&b, 2))
	assert.Equal(t, "… 1 lines before are in /x/hypervisor.log\ntwo\nthree\n--- the emulator says:\nwarning: w\n", b.String())

	b.Reset()
	outcome = &Outcome{Log: "a\n", Console: "b\nc\n# ", ConsolePath: "/x/dom0.console.log", image: "/nonexistent"}
	require.NoError(t, outcome.WriteTail(&b, 2))
	assert.Equal(t, "a\n--- the end of domain 0's console:\n… 1 lines before are in /x/dom0.console.log\nc\n# \n", b.String())

	b.Reset()
	require.NoError(t, (&Outcome{image: "/nonexistent"}).WriteTail(&b, 2))
	assert.Equal(t, "(the log is empty)\n", b.String())
}
