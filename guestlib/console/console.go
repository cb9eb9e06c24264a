// Package console writes on the hypervisor's emergency console, from where nothing may be allocated.
package console

import (
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/spin"
	"tuco/hypercall"
)

// A Line is text on its way to the console.
type Line struct {
	text [160]byte
	n    int
}

// Str adds a string. What doesn't fit is left out.
func (l *Line) Str(s string) *Line {
	l.n += copy(l.text[l.n:], s)
	return l
}

// Bytes adds bytes.
func (l *Line) Bytes(b []byte) *Line {
	l.n += copy(l.text[l.n:], b)
	return l
}

// Hex adds a number to the base 16.
func (l *Line) Hex(v uint64) *Line { return l.Str("0x").number(v, 16) }

// Dec adds a number to the base 10.
func (l *Line) Dec(v uint64) *Line { return l.number(v, 10) }

func (l *Line) number(v, base uint64) *Line {
	var digits [20]byte
	at := len(digits)
	for {
		at--
		digits[at] = "0123456789abcdef"[v%base]
		v /= base
		if v == 0 {
			return l.Bytes(digits[at:])
		}
	}
}

// End writes the line.
func (l *Line) End() {
	if l.n == len(l.text) {
		l.n--
	}
	l.text[l.n] = '\n'
	taken := acquire()
	before()
	hypercalls.WriteConsole(l.text[:l.n+1])
	behind('\n')
	release(taken)
	l.n = 0
}

// Write writes text of any length and origin: it is copied, because the hypervisor reads only what is mapped.
func Write(text []byte) {
	if len(text) == 0 {
		return
	}
	var buffer [512]byte
	n := 0
	taken := acquire()
	before()
	for ; len(text) > 0; text = text[n:] {
		n = copy(buffer[:], text)
		hypercalls.WriteConsole(buffer[:n])
	}
	behind(buffer[n-1])
	release(taken)
}

// Typed is what somebody types. One thread at a time reads lines from it.
var Typed Terminal

// shared is what is on the hypervisor's console. The lock is for it, and for Typed until a line of that is finished.
var shared screen

// Type types keys until one finishes a line, and shows them. It returns how many those were.
func Type(keys []byte) (taken int) {
	var line [512]byte
	locked := acquire()
	taken, n := shared.keys(&Typed, keys, line[:])
	hypercalls.WriteConsole(line[:n])
	release(locked)
	return taken
}

// before makes room for the program's words.
func before() {
	var line [len(Erase)]byte
	hypercalls.WriteConsole(line[:shared.before(line[:])])
}

// behind shows again what is being typed, behind the program's words, by the last byte of those.
func behind(last byte) {
	if !shared.wrote(last) {
		return
	}
	var line [512]byte
	n := copy(line[:], Mark)
	for at := 0; ; n = 0 {
		upto, more := Typed.shown(at, line[n:])
		hypercalls.WriteConsole(line[:n+more])
		if at = upto; at == Typed.size {
			return
		}
	}
}

// lock keeps apart what several vCPUs write.
var lock spin.Lock

// patience is longer than anybody takes.
const patience = 1_000_000

// acquire takes the lock if it can: who has to say why all ends says it, whoever has the lock. It may be the same vCPU, if there
// was no memory for what it was to write.
func acquire() (taken bool) {
	const turn = 1000
	for n := 0; n < patience && !taken; n += turn {
		if taken = lock.Try(turn); !taken {
			spin.Relax()
		}
	}
	return taken
}

func release(taken bool) {
	if taken {
		lock.Unlock()
	}
}

// Fatal says why the guest can't go on, and ends it.
func Fatal(why string) {
	var l Line
	l.Str("guest: ").Str(why).End()
	hypercalls.Shutdown(hypercall.SHUTDOWN_crash)
}
