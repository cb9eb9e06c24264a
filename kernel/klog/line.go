package klog

import "unsafe"

// lineSize is how long a line can be, in bytes; the rest is cut.
const lineSize = 512

// line is a log line under construction.
type line struct {
	n   int
	buf [lineSize]byte
}

func (l *line) byte(b byte) {
	if l.n < len(l.buf)-1 { // one place is kept for the newline
		l.buf[l.n] = b
		l.n++
	}
}

func (l *line) text(s string) {
	for i := 0; i < len(s); i++ {
		l.byte(s[i])
	}
}

// printable writes s so that it can do nothing to a terminal.
func (l *line) printable(s string) {
	for i := 0; i < len(s); i++ {
		if b := s[i]; b >= ' ' && b < 0x7f || b == '\t' {
			l.byte(b)
		} else {
			l.byte('?')
		}
	}
}

func (l *line) decimal(v uint64, width int) {
	var digits [20]byte
	i := len(digits)
	for {
		i--
		digits[i] = byte('0' + v%10)
		v /= 10
		width--
		if v == 0 && width <= 0 {
			break
		}
	}
	for ; i < len(digits); i++ {
		l.byte(digits[i])
	}
}

func (l *line) hex(v uint64, width int) {
	for shift := 60; shift >= 0; shift -= 4 {
		if v>>shift != 0 || shift < 4*width {
			l.byte("0123456789abcdef"[v>>shift&15])
		}
	}
}

func (l *line) size(v uint64) {
	switch {
	case v >= 1<<30 && v%(1<<30) == 0:
		l.decimal(v>>30, 0)
		l.text(" GiB")
	case v >= 1<<20 && v%(1<<20) == 0:
		l.decimal(v>>20, 0)
		l.text(" MiB")
	case v >= 1<<10:
		l.decimal(v>>10, 0)
		l.text(" KiB")
	default:
		l.decimal(v, 0)
		l.text(" bytes")
	}
}

func (l *line) arg(a *Arg) {
	switch a.kind {
	case kindText:
		l.text(a.text)
	case kindBytes:
		l.printable(a.text)
	case kindDecimal:
		if v := int64(a.num); v < 0 {
			l.byte('-')
			l.decimal(-a.num, 0)
		} else {
			l.decimal(a.num, 0)
		}
	case kindUnsigned:
		l.decimal(a.num, 0)
	case kindHex:
		l.text("0x")
		l.hex(a.num, 1)
	case kindHex16:
		l.hex(a.num, 16)
	case kindHexByte:
		l.hex(a.num, 2)
	case kindPadded:
		l.decimal(a.num, 6)
	case kindSize:
		l.size(a.num)
	}
}

// format writes format with each verb replaced by the next argument. A verb
// with no argument, or an argument with no verb, shows as "(missing)" or
// "(extra …)": a log line must never be the reason of a crash.
func (l *line) format(format string, args []Arg) {
	next := 0
	for i := 0; i < len(format); i++ {
		b := format[i]
		if b != '%' || i+1 == len(format) {
			l.byte(b)
			continue
		}
		i++
		switch {
		case format[i] == '%':
			l.byte('%')
		case next < len(args):
			l.arg(&args[next])
			next++
		default:
			l.text("(missing)")
		}
	}
	for ; next < len(args); next++ {
		l.text(" (extra ")
		l.arg(&args[next])
		l.byte(')')
	}
}

// end closes the line and returns its bytes.
func (l *line) end() []byte {
	l.buf[l.n] = '\n'
	return hide(l.buf[:l.n+1])
}

// bytes is the line so far.
func (l *line) bytes() []byte { return hide(l.buf[:l.n]) }

// hide keeps the compiler from moving the line to the heap because a function
// that it cannot see through, a sink, takes the bytes. No sink keeps them.
func hide(b []byte) []byte {
	p := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&p)), len(b))
}

// asString is b's bytes as a string that shares them; it lives no longer than
// the log call.
func asString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
