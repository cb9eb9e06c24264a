// Package text reads and writes short pieces of text without allocating.
//
// The parsers that run at boot stand below the log and can neither allocate
// nor log. What they have to say they keep as codes and numbers, and render
// it on demand into a Line that the caller owns. The same package holds the
// readers they share: numbers, sizes, and the search for the name that a
// misspelt word probably meant.
package text

// LineSize is the most bytes that a Line holds. What does not fit is cut,
// and the text then ends with "...".
const LineSize = 320

// Line is one line of text under construction. The zero value is empty and
// ready. It must not be used by two CPUs at once.
type Line struct {
	n   int
	cut bool
	buf [LineSize]byte
}

// Reset empties the line.
func (l *Line) Reset() *Line {
	l.n, l.cut = 0, false
	return l
}

// Bytes returns the text so far. It is valid until the next call.
func (l *Line) Bytes() []byte { return l.buf[:l.n] }

func (l *Line) put(c byte) {
	if l.n < LineSize {
		l.buf[l.n] = c
		l.n++
		return
	}
	if !l.cut {
		l.cut = true
		copy(l.buf[LineSize-3:], "...")
	}
}

// Str adds s as it is.
func (l *Line) Str(s string) *Line {
	for i := 0; i < len(s); i++ {
		l.put(s[i])
	}
	return l
}

// Raw adds b as it is. It must be known to be printable: see Quote.
func (l *Line) Raw(b []byte) *Line {
	for _, c := range b {
		l.put(c)
	}
	return l
}

// Dec adds v in decimal.
func (l *Line) Dec(v uint64) *Line {
	var digits [20]byte
	i := len(digits)
	for {
		i--
		digits[i] = byte('0' + v%10)
		v /= 10
		if v == 0 {
			break
		}
	}
	for ; i < len(digits); i++ {
		l.put(digits[i])
	}
	return l
}

const hexDigits = "0123456789abcdef"

// Hex adds v as 0x and hexadecimal digits without leading zeroes.
func (l *Line) Hex(v uint64) *Line {
	l.put('0')
	l.put('x')
	shift := 60
	for shift > 0 && v>>shift == 0 {
		shift -= 4
	}
	for ; shift >= 0; shift -= 4 {
		l.put(hexDigits[v>>shift&15])
	}
	return l
}

// maxQuoted is where Quote cuts, so that one hostile word does not push the
// rest of the message out of the line.
const maxQuoted = 64

// Quote adds b in double quotes. It comes from outside, so everything that
// is not printable ASCII is shown as \xNN, and only the first 64 bytes are
// shown.
func (l *Line) Quote(b []byte) *Line {
	l.put('"')
	for i, c := range b {
		if i == maxQuoted {
			l.Str("...")
			break
		}
		switch {
		case c == '"' || c == '\\':
			l.put('\\')
			l.put(c)
		case c < ' ' || c > '~':
			l.Str("\\x")
			l.put(hexDigits[c>>4])
			l.put(hexDigits[c&15])
		default:
			l.put(c)
		}
	}
	l.put('"')
	return l
}

// Template adds t with its verbs replaced, in their order, by the values:
// %d is decimal, %x hexadecimal, %s a size. A verb without a value stays as
// it is, and so does any other text.
func (l *Line) Template(t string, v ...uint64) *Line {
	next := 0
	for i := 0; i < len(t); i++ {
		if t[i] != '%' || i+1 == len(t) || next == len(v) {
			l.put(t[i])
			continue
		}
		switch t[i+1] {
		case 'd':
			l.Dec(v[next])
		case 'x':
			l.Hex(v[next])
		case 's':
			l.Size(v[next])
		default:
			l.put(t[i])
			continue
		}
		next++
		i++
	}
	return l
}

// Size adds a number of bytes in the largest binary unit that divides it:
// 512 MiB, 1 GiB, 4097 B.
func (l *Line) Size(v uint64) *Line {
	unit := 0
	for v != 0 && v%1024 == 0 && unit < len(units)-1 {
		v /= 1024
		unit++
	}
	return l.Dec(v).Str(units[unit])
}

var units = [...]string{" B", " KiB", " MiB", " GiB", " TiB"}
