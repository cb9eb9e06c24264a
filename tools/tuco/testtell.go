package main

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"tuco/tools/tuco/boottest"
)

// A teller tells how tests come along, in lines that each stand by themselves: several tests run at once.
type teller struct {
	to      io.Writer
	verbose bool
	all     int

	mu             sync.Mutex
	passed, failed int
}

func newTeller(to io.Writer, all int, verbose bool) *teller {
	return &teller{to: to, verbose: verbose, all: all}
}

// Step is boottest.Reporter's.
func (t *teller) Step(test *boottest.Test, n int, s *boottest.Step) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.verbose:
		fmt.Fprintf(t.to, "     %s:%d: %v\n", test.File, s.Line, s)
	case n == 0:
		fmt.Fprintf(t.to, "run  %s\n", test.File)
	}
}

// failureTail is how many lines of a guest's console are shown when its test has failed.
const failureTail = 20

// Done is boottest.Reporter's.
func (t *teller) Done(r boottest.Result) {
	t.mu.Lock()
	defer t.mu.Unlock()
	verdict, where := "ok  ", r.Test.File
	if t.passed++; r.Failure != "" {
		t.passed--
		t.failed++
		verdict, where = "FAIL", r.Failure // which begins with the file
	}
	fmt.Fprintf(t.to, "%s [%d/%d] %s (%.1f s)\n", verdict, t.passed+t.failed, t.all, where, r.Elapsed.Seconds())
	if r.Failure == "" {
		return
	}
	lines := strings.SplitAfter(strings.TrimSuffix(r.Console, "\n"), "\n")
	if lines[0] == "" {
		lines = []string{"(the guest has written nothing)"}
	}
	for _, line := range lines[max(0, len(lines)-failureTail):] {
		fmt.Fprintf(t.to, "     | %s\n", strings.TrimSuffix(line, "\n"))
	}
	fmt.Fprintf(t.to, "     kept in %s\n", r.Dir)
}

// close tells the sum, and returns how many have failed.
func (t *teller) close() int {
	fmt.Fprintf(t.to, "%d passed, %d failed\n", t.passed, t.failed)
	return t.failed
}
