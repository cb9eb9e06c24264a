package console

// A Terminal makes lines of keys, as Linux' terminals do for programs that ask for nothing else: a line is there when it is
// finished, by Return or, without a newline, by Ctrl-D; Ctrl-D alone is the end of the input. Backspace takes the last
// character back, Ctrl-U all of the line. What is typed is shown. Other control keys are keys like others; there are no signals.
type Terminal struct {
	text     [maxTyped]byte
	size     int // what was typed
	read     int // what of a finished line was read
	finished bool
}

// maxTyped is how long a line may be. Of a longer one the terminal shows no more, and takes no more, than that.
const maxTyped = 1024

// The keys that mean something.
const (
	keyEnd       = 'D' - 64
	keyBackspace = '\b'
	keyKill      = 'U' - 64
	keyDelete    = 0x7f
)

// Read is what there is of a finished line, as much as there is room for. It is not ok if no line is finished; nothing is the
// input's end.
func (t *Terminal) Read(to []byte) (n int, ok bool) {
	if !t.finished {
		return 0, false
	}
	n = copy(to, t.text[t.read:t.size])
	if t.read += n; t.read == t.size {
		t.read, t.size, t.finished = 0, 0, false
	}
	return n, true
}

// Type takes a key, and writes into echo, which has room for echoMax bytes, what is to be shown. No line may be finished yet.
func (t *Terminal) Type(key byte, echo []byte) (n int) {
	switch key {
	case '\r', '\n':
		t.text[t.size] = '\n' // the last byte is kept free for it
		t.size++
		t.finished = true
		return copy(echo, "\r\n")
	case keyEnd:
		t.finished = true
		return 0
	case keyBackspace, keyDelete:
		return t.erase(echo)
	case keyKill:
		t.size = 0
		return copy(echo, "^U\r\n")
	}
	if t.size == maxTyped-1 {
		return copy(echo, "\a")
	}
	t.text[t.size] = key
	t.size++
	return show(key, echo)
}

// echoMax is how much one key may show.
const echoMax = 8

// show writes how a key of a line looks.
func show(key byte, echo []byte) int {
	if key < ' ' && key != '\t' {
		return copy(echo, []byte{'^', key + 64})
	}
	return copy(echo, []byte{key})
}

// erase takes the last character back, all bytes of its UTF-8.
func (t *Terminal) erase(echo []byte) int {
	if t.size == 0 {
		return 0
	}
	wide := t.text[t.size-1] < ' '
	for t.size--; t.size > 0 && t.text[t.size]&0xc0 == 0x80; t.size-- {
	}
	if wide {
		return copy(echo, "\b \b\b \b")
	}
	return copy(echo, "\b \b")
}

// shown writes how the line looks that is being typed, from one of its bytes on and as far as there is room. It returns up to which
// byte that is, and how much it has written.
func (t *Terminal) shown(from int, to []byte) (upto, n int) {
	for upto = from; upto < t.size && n+echoMax <= len(to); upto++ {
		n += show(t.text[upto], to[n:])
	}
	return upto, n
}
