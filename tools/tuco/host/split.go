package host

import "strings"

// A voice is how a hypervisor speaks on the serial port that it shares with domain 0.
type voice struct {
	mark    string                                     // each of its lines begins with this
	amid    bool                                       // also within a line of domain 0's
	rejoins bool                                       // a NUL says that a line goes on which the hypervisor has ended
	handed  string                                     // after the line that begins so the port is shared; empty: it always is
	closing func(line string) (end End, reason string) // recognises the closing lines of its log
}

var (
	tucoVoice = voice{mark: "(TUCO) ", rejoins: true, handed: "console: now domain 0's", closing: closing}
	xenVoice  = voice{mark: "(XEN) ", amid: true, closing: xenClosing}
)

func voiceOf(hypervisor string) voice {
	if hypervisor == Xen {
		return xenVoice
	}
	return tucoVoice
}

// A splitter parts the text of a serial port: the lines with the hypervisor's mark are its own, and lose the mark. What
// has no mark is the hypervisor's too before the port is shared, then domain 0's.
//
// A few bytes that may become a mark are held back until it is certain, and the end of a line of domain 0's until it is certain that it does not go on: the hypervisor ends a line that it comes
// in the middle of, and marks where it goes on. So what goes on is never taken for the beginning of a line, which might have a mark.
type splitter struct {
	voice
	ended func(line string) // called for each line of the hypervisor's

	log, console []byte // what was parted so far; whoever takes it empties them

	shared bool
	held   int    // how many bytes are held back: the mark's first ones
	marked bool   // the line had the mark
	begun  bool   // the line has bytes that are not held back
	ending bool   // the end of domain 0's last line is held back
	line   []byte // the hypervisor's line, up to lineMax bytes
}

// lineMax is longer than any line that means something here; of a longer one the rest is not looked at.
const lineMax = 1024

func newSplitter(v voice, ended func(line string)) *splitter {
	return &splitter{voice: v, ended: ended, shared: v.handed == ""}
}

// put takes the next byte.
func (s *splitter) put(c byte) {
	if s.rejoins && s.shared && !s.marked && !s.begun && s.held == 0 && c == 0 {
		s.ending, s.begun = false, true
		return
	}
	if !s.marked && (!s.begun || s.amid) {
		if c == s.mark[s.held] {
			if s.held++; s.held == len(s.mark) {
				s.held, s.marked = 0, true
			}
			return
		}
		s.release()
		if s.amid && c == s.mark[0] {
			s.held = 1
			return
		}
	}
	s.pass(c)
}

// release gives up the hope that what is held back is a mark.
func (s *splitter) release() {
	held := s.mark[:s.held]
	s.held = 0
	for i := range len(held) {
		s.pass(held[i])
	}
}

// finish gives what is held back, when no more comes.
func (s *splitter) finish() {
	s.release()
	if s.ending {
		s.ending = false
		s.console = append(s.console, '\n')
	}
}

// pass sends a byte to where its line belongs.
func (s *splitter) pass(c byte) {
	s.begun = c != '\n'
	if s.shared && !s.marked {
		if s.ending {
			s.console = append(s.console, '\n')
		}
		if s.ending = c == '\n' && s.rejoins; !s.ending {
			s.console = append(s.console, c)
		}
		return
	}
	s.log = append(s.log, c)
	if c != '\n' {
		if len(s.line) < lineMax {
			s.line = append(s.line, c)
		}
		return
	}
	line := string(s.line)
	s.line, s.marked = s.line[:0], false
	if strings.HasPrefix(line, s.handed) {
		s.shared = true
	}
	s.ended(line)
}
