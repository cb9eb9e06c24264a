package console

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTerminal(t *testing.T) {
	long := strings.Repeat("x", 2000)
	for _, test := range []struct {
		name, keys string
		reads      []string
		shown      string
	}{
		{"a line", "hello\r", []string{"hello\n"}, "hello\r\n"},
		{"newline", "hello\n", []string{"hello\n"}, "hello\r\n"},
		{"two lines", "a\rb\r", []string{"a\n", "b\n"}, "a\r\nb\r\n"},
		{"unfinished", "hello", nil, "hello"},
		{"the end", "\x04", []string{""}, ""},
		{"a line and the end", "a\r\x04b\r", []string{"a\n", "", "b\n"}, "a\r\nb\r\n"},
		{"no newline", "a\x04b\r", []string{"a", "b\n"}, "ab\r\n"},
		{"backspace", "ab\x7fc\bd\r", []string{"ad\n"}, "ab\b \bc\b \bd\r\n"},
		{"backspace too often", "a\b\b\r", []string{"\n"}, "a\b \b\r\n"},
		{"backspace of a rune", "aü\x7f\r", []string{"a\n"}, "aü\b \b\r\n"},
		{"backspace of a control key", "a\x1b\x7f\r", []string{"a\n"}, "a^[\b \b\b \b\r\n"},
		{"backspace of a broken rune", "\xbc\x7f\r", []string{"\n"}, "\xbc\b \b\r\n"},
		{"kill", "abc\x15d\r", []string{"d\n"}, "abc^U\r\nd\r\n"},
		{"tab", "a\tb\r", []string{"a\tb\n"}, "a\tb\r\n"},
		{"too long", long + "\r", []string{long[:maxTyped-1] + "\n"}, long[:maxTyped-1] + strings.Repeat("\a", 2000-maxTyped+1) + "\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var terminal Terminal
			var reads []string
			shown := ""
			for i := range len(test.keys) {
				var echo [8]byte
				shown += string(echo[:terminal.Type(test.keys[i], echo[:])])
				var line [maxTyped]byte
				if n, ok := terminal.Read(line[:]); ok {
					reads = append(reads, string(line[:n]))
				}
			}
			require.Equal(t, test.reads, reads)
			require.Equal(t, test.shown, shown)
		})
	}
}

// A line is read in pieces, if there is little room.
func TestTerminalPieces(t *testing.T) {
	var terminal Terminal
	for _, key := range []byte("hello\r") {
		terminal.Type(key, nil)
	}
	var piece [4]byte
	n, ok := terminal.Read(piece[:])
	require.True(t, ok)
	require.Equal(t, "hell", string(piece[:n]))
	n, ok = terminal.Read(piece[:])
	require.True(t, ok)
	require.Equal(t, "o\n", string(piece[:n]))
	_, ok = terminal.Read(piece[:])
	require.False(t, ok)
}
