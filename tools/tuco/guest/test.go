package guest

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrNoTests says that a package has no tests.
var ErrNoTests = errors.New("no test files")

// Test says where tests of a package expect to be run.
type Test struct {
	Dir    string // the package's directory
	GOROOT string
}

// BuildTest builds a package's tests, which begin with some arguments before those of the guest's command line. That has
// room for a thousand characters only, fewer than a list of tests may have.
//
// A package of the standard library can import only the standard library. So for one the library becomes a part of
// that: a copy of GOROOT is made of symbolic links, with ours among them.
func BuildTest(ctx context.Context, o Options, args ...string) (Test, error) {
	b, err := newBuilder(ctx, o)
	if err != nil {
		return Test{}, err
	}
	if len(b.pkg.TestGoFiles)+len(b.pkg.XTestGoFiles) == 0 {
		return Test{}, fmt.Errorf("%s: %w", b.pkg.ImportPath, ErrNoTests)
	}
	test := Test{b.pkg.Dir, b.goroot}
	if b.pkg.Standard {
		if err := b.joinGOROOT(ctx); err != nil {
			return test, err
		}
	}
	text, err := b.importer(ctx, b.pkg.Name+"_test", "-deps", "-test")
	if err != nil {
		return test, err
	}
	return test, b.build(ctx, "tuco_guest_test.go", text+fmt.Sprintf(arguments, args), "test", "-c", "-vet=off")
}

// arguments is the part of the added file that has the arguments.
const arguments = `
import tucoOS "os"

func init() {
	tucoOS.Args = append(tucoOS.Args[:1:1], append(%#v, tucoOS.Args[1:]...)...)
}
`

// A Count is verdicts of tests, those within tests left out.
type Count struct{ Passed, Failed, Skipped int }

// String is the line that a run of tests closes with.
func (c Count) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.Passed, c.Failed, c.Skipped)
}

// Add adds another's.
func (c *Count) Add(d Count) {
	c.Passed += d.Passed
	c.Failed += d.Failed
	c.Skipped += d.Skipped
}

// Verdicts counts the verdicts in what tests print with -test.v, and tells whether they came to their end.
func Verdicts(console string) (count Count, ended bool) {
	for line := range strings.Lines(console) {
		switch line = strings.TrimRight(line, "\r\n"); {
		case strings.HasPrefix(line, "--- PASS: "):
			count.Passed++
		case strings.HasPrefix(line, "--- FAIL: "):
			count.Failed++
		case strings.HasPrefix(line, "--- SKIP: "):
			count.Skipped++
		case line == "PASS" || line == "FAIL":
			ended = true
		}
	}
	return count, ended
}
