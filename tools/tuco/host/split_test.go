package host

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// parted gives what a splitter makes of a text, and the hypervisor's lines.
func parted(v voice, text string) (log, console string, lines []string) {
	s := newSplitter(v, func(line string) { lines = append(lines, line) })
	for i := range len(text) {
		s.put(text[i])
	}
	s.finish()
	return string(s.log), string(s.console), lines
}

func TestSplitter(t *testing.T) {
	const handed = "(TUCO) console: now domain 0's; x\n"
	for _, test := range []struct {
		name         string
		voice        voice
		text         string
		log, console string
		lines        int
	}{
		{"before the port is shared", tucoVoice, "one\n(TUCO) two\n(three\n", "one\ntwo\n(three\n", "", 3},
		{"shared", tucoVoice, handed + "a\n(TUCO) b\nc\n", "console: now domain 0's; x\nb\n", "a\nc\n", 2},
		{"handed over without the mark", tucoVoice, handed[7:] + "a\n", handed[7:], "a\n", 1},
		{"nearly the mark", tucoVoice, handed + "(TUC\n(TUCO)x\n(TUCO(TUCO) y\n(TUC", "console: now domain 0's; x\n", "(TUC\n(TUCO)x\n(TUCO(TUCO) y\n(TUC", 1},
		{"the mark within a line", tucoVoice, handed + "a (TUCO) b\n", "console: now domain 0's; x\n", "a (TUCO) b\n", 1},
		{"the mark alone", tucoVoice, handed + "(TUCO) \na", "console: now domain 0's; x\n\n", "a", 2},
		{"lines that go on", tucoVoice, handed + "ab\n(TUCO) x\n(TUCO) y\n\x00cd\n\n(TUCO) z\n\x00\nef\n", "console: now domain 0's; x\nx\ny\nz\n", "abcd\n\nef\n", 4},
		{"a mark where a line goes on", tucoVoice, handed + "ab\n(TUCO) x\n\x00(TUCO) tuco: power off\n", "console: now domain 0's; x\nx\n", "ab(TUCO) tuco: power off\n", 2},
		{"Xen", xenVoice, "(XEN) a\nb\n(XEN) c\n", "a\nc\n", "b\n", 2},
		{"Xen within a line", xenVoice, "a (b((XEN) c\n d\n", "c\n", "a (b( d\n", 1},
		{"Xen at the end", xenVoice, "a (XEN", "", "a (XEN", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			log, console, lines := parted(test.voice, test.text)
			assert.Equal(t, test.log, log)
			assert.Equal(t, test.console, console)
			assert.Len(t, lines, test.lines)
		})
	}
}
