package console

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A stage is a screen, and what it shows.
type stage struct {
	screen   screen
	terminal Terminal
	shows    strings.Builder
}

func (s *stage) write(text string) {
	var line [64]byte
	s.shows.Write(line[:s.screen.before(line[:])])
	s.shows.WriteString(text)
	if s.screen.wrote(text[len(text)-1]) {
		s.shows.WriteString(Mark)
		for at, n := s.terminal.shown(0, line[:]); n > 0; at, n = s.terminal.shown(at, line[:]) {
			s.shows.Write(line[:n])
		}
	}
}

func (s *stage) typed(keys string) {
	for len(keys) > 0 {
		var line [64]byte
		taken, n := s.screen.keys(&s.terminal, []byte(keys), line[:])
		s.shows.Write(line[:n])
		keys = keys[taken:]
		var read [maxTyped]byte
		s.terminal.Read(read[:])
	}
}

func TestScreen(t *testing.T) {
	for _, test := range []struct {
		name string
		acts []string // typed, with a colon before, or written
		want string
	}{
		{"nothing typed", []string{"a\n", "b", "c\n"}, "a\nbc\n"},
		{"a line between two", []string{"a\n", ":list\r", "b\n"}, "a\n> list\r\nb\n"},
		{"typed into", []string{":li", "a\n", ":st\r", "b\n"}, "> li\r\x1b[Ka\n> list\r\nb\n"},
		{"typed into, half a line at a time", []string{":li", "a", "b\n", ":\r"}, "> li\r\x1b[Kab\n> li\r\n"},
		{"an answer", []string{"name? ", ":Ada\r", "hello\n"}, "name? Ada\r\nhello\n"},
		{"an answer typed into", []string{"name? ", ":A", "hello\n", ":da\r"}, "name? Ahello\n> da\r\n"},
		{"taken back", []string{":ab\b\b", "a\n", ":c\r"}, "> ab\b \b\b \b\r\x1b[Ka\n> c\r\n"},
		{"thrown away", []string{":ab\x15", "a\n"}, "> ab^U\r\na\n"},
		{"control keys", []string{":\x1bx", "a\n"}, "> ^[x\r\x1b[Ka\n> ^[x"},
		{"the end of the input", []string{":\x04", "a\n", ":b\x04", "c\n"}, "a\n> b\r\nc\n"},
		{"two lines at once", []string{":a\rb\r"}, "> a\r\n> b\r\n"},
		{"a long line", []string{":" + strings.Repeat("x", 200), "a\n"}, "> " + strings.Repeat("x", 200) + "\r\x1b[Ka\n> " + strings.Repeat("x", 200)},
	} {
		t.Run(test.name, func(t *testing.T) {
			var s stage
			for _, a := range test.acts {
				if keys, typed := strings.CutPrefix(a, ":"); typed {
					s.typed(keys)
				} else {
					s.write(a)
				}
			}
			assert.Equal(t, test.want, s.shows.String())
		})
	}
}
