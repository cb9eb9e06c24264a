package pv

import (
	"tuco/hypercall"
	"tuco/kernel/text"
)

// T is the running test. Its checks go on after a failure.
type T struct {
	group    string
	name     string
	failures uint64
	first    text.Line // the first failure
	skipped  string
}

// running is the test that runs, or has no name.
var running T

// Counts of finished tests.
var passed, failed, skipped, checks uint64

// run runs a test and prints its verdict.
func run(group string, test *Test) {
	running = T{group: group, name: test.Name}
	test.Run(&running)
	var l text.Line
	l.Str("test: ")
	running.writeName(&l)
	switch t := &running; {
	case t.failures > 0:
		failed++
		l.Str(": failure: ").Raw(t.first.Bytes())
		if t.failures > 1 {
			l.Template(" (and %d more)", t.failures-1)
		}
	case t.skipped != "":
		skipped++
		l.Str(": skip: ").Str(t.skipped)
	default:
		passed++
		l.Str(": success")
	}
	running = T{}
	PrintLine(&l)
}

func (t *T) writeName(l *text.Line) {
	if t.name == "" {
		l.Str("guest") // between tests
		return
	}
	l.Str(t.group).Str("/").Str(t.name)
}

// fatal reports an error and ends the guest.
func fatal(what *text.Line) {
	var l text.Line
	l.Str("test: ")
	running.writeName(&l)
	PrintLine(l.Str(": error: ").Raw(what.Bytes()))
	Shutdown(hypercall.SHUTDOWN_crash)
}

// Skip says why the rest of the test makes no sense here; the test then returns.
func (t *T) Skip(why string) { t.skipped = why }

// Failf notes a failure: template and values as for Print.
func (t *T) Failf(template string, v ...uint64) {
	var l text.Line
	t.fail(l.Template(template, v...))
}

func (t *T) fail(what *text.Line) {
	if t.failures++; t.failures == 1 {
		t.first = *what
	}
	var l text.Line
	l.Str("check: ")
	t.writeName(&l)
	PrintLine(l.Str(": ").Raw(what.Bytes()))
}

// Check requires something to be true; what says what else is the case.
func (t *T) Check(ok bool, what string, v ...uint64) bool {
	checks++
	if !ok {
		t.Failf(what, v...)
	}
	return ok
}

// Equal requires two numbers to be equal.
func (t *T) Equal(what string, got, want uint64) bool {
	checks++
	if got != want {
		var l text.Line
		t.fail(l.Str(what).Template(": %x, want %x", got, want))
	}
	return got == want
}

// OK requires a hypercall to have succeeded with result 0.
func (t *T) OK(what string, result uint64) bool { return t.Errno(what, result, 0) }

// Errno requires a hypercall's result to be an error, or 0 where that is wanted.
func (t *T) Errno(what string, result uint64, want hypercall.Errno) bool {
	checks++
	if result == want.Result() {
		return true
	}
	var l text.Line
	l.Str(what).Str(": ")
	if e := hypercall.Failed(result); e != 0 {
		l.Str(e.String()).Template(" (%d)", uint64(e))
	} else {
		l.Hex(result)
	}
	t.fail(l.Str(", want ").Str(want.String()))
	return false
}

// Trapped requires a trap with an error code.
func (t *T) Trapped(what string, trap Trap, v Vector, code uint64) bool {
	checks++
	if trap.Vector == v && trap.Error == code {
		return true
	}
	var l text.Line
	l.Str(what).Str(": ").Str(trap.Vector.String())
	if trap.Vector != None {
		l.Template(" (vector %d, error %x, cr2 %x, rip %x)", uint64(trap.Vector), trap.Error, trap.CR2, trap.RIP)
	}
	t.fail(l.Str(", want ").Str(v.String()).Template(", error %x", code))
	return false
}

// NoTrap requires that none came.
func (t *T) NoTrap(what string, trap Trap) bool { return t.Trapped(what, trap, None, 0) }
