package console

// The hypervisor's console is one screen for what the program writes and for what somebody types. A line that is being typed begins with
// Mark. What the program writes meanwhile takes the line's place, and the line is shown again below, as far as it has come. So people see
// what they type in one piece; and who takes the screen apart into lines, and forgets what is before the last Erase in each, has every
// line of the program's whole, and none that was typed looks like one of them.
//
// Where the program has not ended its line, as after a question, what is typed goes on behind it, as on any terminal.
const (
	Mark  = "> "
	Erase = "\r\x1b[K" // the line that the cursor is in
)

// A screen knows what is in the line that the cursor is in.
type screen struct {
	asked bool // something that the program has written
	typed bool // the mark, and what was typed, unless the program has asked something since
}

// keys gives keys to a terminal until one finishes a line, and writes into line what shows them, as long as there is room for another one. It returns
// how many keys and bytes those were.
func (s *screen) keys(t *Terminal, keys, line []byte) (taken, n int) {
	for taken < len(keys) && !t.finished && n+len(Mark)+echoMax <= len(line) {
		var echo [echoMax]byte
		shown := t.Type(keys[taken], echo[:])
		taken++
		if shown == 0 && t.finished && s.typed { // the end of the input, behind a line
			shown = copy(echo[:], "\r\n")
		}
		if shown == 0 {
			continue
		}
		if !s.asked && !s.typed {
			s.typed = true
			n += copy(line[n:], Mark)
		}
		n += copy(line[n:], echo[:shown])
		if line[n-1] == '\n' {
			s.asked, s.typed = false, false
		}
	}
	return taken, n
}

// before writes into line what has to come before the program's words.
func (s *screen) before(line []byte) (n int) {
	if s.typed && !s.asked {
		n = copy(line, Erase)
	}
	return n
}

// wrote notes how the program's words end. It tells whether what was typed has to be shown again.
func (s *screen) wrote(last byte) (again bool) {
	s.asked = last != '\n'
	return s.typed && !s.asked
}
