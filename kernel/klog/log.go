package klog

import (
	"sync/atomic"

	"tuco/kernel/x86"
)

// Level says how much a line matters.
type Level uint32

// The levels, from the most to the least urgent.
const (
	Error Level = iota
	Warning
	Info
	Debug
)

// threshold is the least urgent level that is shown.
var threshold = Info

// SetLevel chooses the least urgent level that is shown. For the boot sequence.
func SetLevel(l Level) { threshold = l }

// Sink takes each finished line, newline included. The boot sequence sets it
// once the console works; until then lines go to the ring only.
var Sink func(line []byte)

// busy is the console's lock. A plain spin lock, so that the levelled locks,
// which log, can stand above this package.
var busy atomic.Uint32

// broken is set in a crash: whoever holds the lock may be stopped for good.
var broken atomic.Bool

// BreakLock lets every later line pass without the lock; for the crash report.
func BreakLock() { broken.Store(true) }

// Errorf logs a line that begins with "error: ".
func Errorf(format string, args ...Arg) { write(Error, "error: ", format, args) }

// Warnf logs a line that begins with "warning: ".
func Warnf(format string, args ...Arg) { write(Warning, "warning: ", format, args) }

// Infof logs a plain line.
func Infof(format string, args ...Arg) { write(Info, "", format, args) }

// Debugf logs a line that begins with "debug: ", where the level asks for it.
func Debugf(format string, args ...Arg) { write(Debug, "debug: ", format, args) }

// TryWarnf is Warnf for an NMI's handler, which may have interrupted the holder of
// the console's lock: where the lock is taken it logs nothing and returns false.
func TryWarnf(format string, args ...Arg) bool {
	if !busy.CompareAndSwap(0, 1) { // acquire
		return false
	}
	if Warning <= threshold {
		var l line
		l.text("warning: ")
		l.format(format, args)
		put(l.end())
	}
	release()
	return true
}

func write(level Level, prefix, format string, args []Arg) {
	if level > threshold {
		return
	}
	var l line
	l.text(prefix)
	l.format(format, args)
	emit(l.end())
}

func emit(text []byte) {
	acquire()
	put(text)
	release()
}

func acquire() {
	// Acquire: what the last holder did to the console is seen here.
	for !broken.Load() && !busy.CompareAndSwap(0, 1) {
		x86.Pause()
	}
}

func release() { busy.Store(0) } // release

// Hold keeps the log's lines off the console until Drop, for somebody else's text.
func Hold() { acquire() }

// Drop ends Hold.
func Drop() { release() }

// put hands a line over; the caller has the lock.
func put(text []byte) {
	record(text)
	if Sink != nil {
		Sink(text)
	}
}

// Format writes the text that a log line would have into dst, cut to its
// length, and returns the part used.
func Format(dst []byte, format string, args ...Arg) []byte {
	var l line
	l.format(format, args)
	return dst[:copy(dst, l.bytes())]
}
