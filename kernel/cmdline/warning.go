package cmdline

import "tuco/kernel/text"

// kind says why a word was ignored.
type kind uint8

const (
	unknownWord kind = iota + 1
	badValue
	tooLong
	openQuote
	tinyMemory
	dashes
)

const (
	maxWarnings = 16
	maxShown    = 48 // bytes of a word that a warning keeps
)

// Warning is one word of the command line that was not understood.
type Warning struct {
	kind kind
	n    int
	word [maxShown]byte
	opt  *option
}

func (o *Options) warn(k kind, word []byte, opt *option) {
	if o.nWarnings == maxWarnings {
		o.dropped++
		return
	}
	w := &o.warnings[o.nWarnings]
	o.nWarnings++
	w.kind, w.opt = k, opt
	w.n = copy(w.word[:], word)
}

// Text writes the warning into l and returns it, without a final period.
func (w *Warning) Text(l *text.Line) []byte {
	word := w.word[:w.n]
	l.Reset().Str("command line: ").Quote(word)
	switch w.kind {
	case unknownWord:
		l.Str(" is not an option; it is ignored")
		if near := nearest(word); near != "" {
			l.Str(" (did you mean ").Str(near).Str("?)")
		}
	case badValue:
		l.Str(" is ignored: ").Str(w.opt.name).Str(" takes ").Str(w.opt.want)
	case tooLong:
		l.Template(" is longer than %d bytes; it is ignored", maxWord)
	case openQuote:
		l.Str(" has a quote that never ends; it is ignored")
	case tinyMemory:
		l.Str(" is very little memory for domain 0; without a suffix, dom0_mem counts KiB")
	case dashes:
		l.Str(" and what follows is ignored: domain 0's arguments are in the boot bundle")
	}
	return l.Bytes()
}

func nearest(word []byte) string {
	name, _, _ := cut(word, '=')
	n := text.Near{Word: name}
	for k := range table {
		n.Offer(table[k].name)
	}
	return n.Name()
}
