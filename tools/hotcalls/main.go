// Command hotcalls makes the profile by which the compiler inlines the kernel's hot calls.
//
// The compiler inlines by size, and a hypercall's way leads through many functions
// that are small, but not small enough: each call costs some ten instructions, for what
// is passed, kept and checked. A profile (go build -pgo) raises the limit for the calls that
// it says are hot. Ours is not measured but said, in kernel/hotcalls.txt: so it
// is read and reviewed like source, and a build depends on nothing else. Whether the
// compiler does as it is told is what the tests look at.
//
// Usage:
//
//	hotcalls [-list FILE] -o PROFILE [DIR]
//
// DIR is the root of the module, by default the current directory. It exits with 0 if the
// profile was written, 1 if a line of the list names no function or a call that is not there, 2 if
// a file could not be read or written.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stderr))
}

func run(args []string, stderr io.Writer) int {
	flags := flag.NewFlagSet("hotcalls", flag.ContinueOnError)
	flags.SetOutput(stderr)
	list := flags.String("list", "kernel/hotcalls.txt", "the calls are those of `file`, named from DIR")
	out := flags.String("o", "", "write the profile to `file`")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	root := "."
	if flags.NArg() == 1 {
		root = flags.Arg(0)
	}
	if flags.NArg() > 1 || *out == "" {
		fmt.Fprintln(stderr, "usage: hotcalls [-list FILE] -o PROFILE [DIR]")
		return 2
	}
	err := write(root, *list, *out)
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "hotcalls:", err)
	if errors.As(err, &listError{}) {
		return 1
	}
	return 2
}

// write makes the profile of a list.
func write(root, list, out string) error {
	text, err := os.ReadFile(filepath.Join(root, list))
	if err != nil {
		return err
	}
	chains, err := readList(list, string(text))
	if err != nil {
		return err
	}
	s := source{root: root, packages: map[string]functions{}}
	var p profile
	for _, c := range chains {
		sites, err := s.find(c)
		if err != nil {
			return err
		}
		for _, call := range sites {
			p.add(symbol(c.functions[0]), symbol(call.callee), call.line)
		}
	}
	b, err := p.bytes()
	if err != nil {
		return err
	}
	return os.WriteFile(out, b, 0o644)
}
