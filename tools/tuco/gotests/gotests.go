package gotests

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Reasons are the words for what a test needs that a guest doesn't have.
var Reasons = map[string]string{
	"processes": "starts other processes",
	"files":     "needs a real file system: its rights, its links, its other users",
	"signals":   "needs signals from outside",
	"goroot":    "reads GOROOT's sources, or runs its toolchain",
	"network":   "needs a network beyond the guest",
	"memory":    "needs more memory than test-go gives a guest",
	"stack":     "keeps something below the stack pointer, where the hypervisor pushes its frames",
	"addresses": "needs more addresses than a guest's heap has",
	"below":     "has the runtime itself make a system call that is answered above it, to package syscall alone",
	"cpus":      "needs more CPUs than test-go gives a guest",
	"linux":     "is about an interface of Linux alone",
	"inside":    "counts what is not the program's elsewhere: the TCP/IP stack's part",
}

// A Test is a line of a list.
type Test struct {
	Package string // its import path
	Name    string // TestA, ExampleB, TestC/within
	Reason  string // a key of Reasons
	Where   string // file and line
}

//go:embed *.txt
var lists embed.FS

// All is what stands in all lists.
func All() ([]Test, error) { return read(lists) }

// Of is the tests of a package that can't run in a guest.
func Of(pkg string) ([]Test, error) {
	all, err := All()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(t Test) bool { return t.Package != pkg }), nil
}

func read(lists fs.FS) (all []Test, err error) {
	files, err := fs.Glob(lists, "*.txt")
	if err != nil {
		return nil, err
	}
	seen := map[[2]string]string{}
	for _, file := range files {
		text, err := fs.ReadFile(lists, file)
		if err != nil {
			return nil, err
		}
		number := 0
		for line := range strings.Lines(string(text)) {
			number++
			where := fmt.Sprintf("%s:%d", file, number)
			line, _, _ = strings.Cut(line, "#")
			words := strings.Fields(line)
			if len(words) == 0 {
				continue
			}
			if len(words) != 3 {
				return nil, fmt.Errorf("%s: %d words, want three: a package, a test, a reason", where, len(words))
			}
			t := Test{words[0], words[1], words[2], where}
			if Reasons[t.Reason] == "" {
				return nil, fmt.Errorf("%s: %q is no reason; the reasons are %s", where, t.Reason,
					strings.Join(slices.Sorted(maps.Keys(Reasons)), ", "))
			}
			key := [2]string{t.Package, t.Name}
			if first, twice := seen[key]; twice {
				return nil, fmt.Errorf("%s: %s of %s is listed already, at %s", where, t.Name, t.Package, first)
			}
			seen[key] = where
			all = append(all, t)
		}
	}
	return all, nil
}

// Run is those of the tests that -test.run would run with this pattern. It goes by the names of whole tests, not of those
// within.
func Run(tests []Test, pattern string) ([]Test, error) {
	if pattern == "" {
		return tests, nil
	}
	top, _, _ := strings.Cut(pattern, "/")
	matches, err := regexp.Compile(top)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(tests), func(t Test) bool {
		name, _, _ := strings.Cut(t.Name, "/")
		return !matches.MatchString(name)
	}), nil
}

// Pattern is the pattern for -test.skip that leaves out these tests and no others.
func Pattern(tests []Test) string {
	var patterns []string
	for _, t := range tests {
		parts := strings.Split(t.Name, "/")
		for i, part := range parts {
			parts[i] = "^" + regexp.QuoteMeta(part) + "$"
		}
		patterns = append(patterns, strings.Join(parts, "/"))
	}
	return strings.Join(patterns, "|")
}
