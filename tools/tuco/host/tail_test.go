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

	// What has ended with a word of why has no use for where its program counter was. A guest's crash is another thing.
	const guest, domain0 = "tuco 1\nerror: domain 1 (web) vcpu 0: x\nerror: rip\n", "error: domain 0 (Domain-0) vcpu 0: the guest says that it has crashed\nerror: rip\ntrace: x\ntuco: crashed: x\n"
	for end, want := range map[End]string{GaveUp: guest, Crashed: guest + domain0} {
		b.Reset()
		require.NoError(t, (&Outcome{End: end, Log: guest + domain0, image: "/nonexistent"}).WriteTail(&b, 20))
		assert.Equal(t, want, b.String())
	}

	b.Reset()
	require.NoError(t, (&Outcome{image: "/nonexistent"}).WriteTail(&b, 2))
	assert.Equal(t, "(the log is empty)\n", b.String())
}
