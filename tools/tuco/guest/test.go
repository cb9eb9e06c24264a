package guest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ErrNoTests says that a package has no tests.
var ErrNoTests = errors.New("no test files")

// BuildTest builds a package's tests, which begin with some arguments before those of the guest's command line. That has
// room for a thousand characters only, fewer than a list of tests may have.
//
// A package of the standard library can import only the standard library. So for one the library becomes a part of
// that: a copy of GOROOT is made of symbolic links, with ours among them.
func BuildTest(ctx context.Context, o Options, args ...string) error {
	b, err := newBuilder(ctx, o)
	if err != nil {
		return err
	}
	if len(b.pkg.TestGoFiles)+len(b.pkg.XTestGoFiles) == 0 {
		return fmt.Errorf("%s: %w", b.pkg.ImportPath, ErrNoTests)
	}
	if b.pkg.Standard {
		if err := b.joinGOROOT(ctx); err != nil {
			return err
		}
	}
	text := importer(b.pkg.Name+"_test") + fmt.Sprintf(arguments, args)
	return b.build(ctx, "tuco_guest_test.go", text, "test", "-c", "-vet=off")
}

// arguments is the part of the added file that has the arguments.
const arguments = `
import tucoOS "os"

func init() {
	tucoOS.Args = append(tucoOS.Args[:1:1], append(%#v, tucoOS.Args[1:]...)...)
}
`

// joinGOROOT goes on with a GOROOT that has the library.
func (b *builder) joinGOROOT(ctx context.Context) error {
	// A module of its own: in ours the library would be there twice. Its go line has the tests get what Go has now, not what
	// settings for old modules make of it.
	b.dir = filepath.Join(b.Work, "outside")
	joined := filepath.Join(b.Work, "joined")
	release, err := lock(joined)
	if err != nil {
		return err
	}
	defer release()
	for _, dir := range []string{b.dir, filepath.Join(joined, "src", "tuco")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(b.dir, "go.mod"), []byte("module outside\n\ngo "+strings.TrimPrefix(b.version, "go")+"\n"), 0o644); err != nil {
		return err
	}
	source, err := filepath.Abs(b.Source)
	if err != nil {
		return err
	}
	links := map[string]string{}
	for _, name := range []string{"guestlib", "hypercall"} {
		links[filepath.Join("src", "tuco", name)] = filepath.Join(source, name)
	}
	for _, dir := range []string{"", "src"} {
		entries, err := os.ReadDir(filepath.Join(b.goroot, dir))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if name := filepath.Join(dir, e.Name()); name != "src" {
				links[name] = filepath.Join(b.goroot, name)
			}
		}
	}
	for name, to := range links {
		if err := link(filepath.Join(joined, name), to); err != nil {
			return err
		}
	}
	b.goroot = joined
	return b.list(ctx)
}

// link makes a symbolic link, unless it is there.
func link(path, to string) error {
	if old, err := os.Readlink(path); err == nil && old == to {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(to, path)
}

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
