package main

import (
	"fmt"
	"strings"
)

// call is a line of the list: a function of the kernel's and one that it calls, as
// mm.(*Domain).Update, with the package named from kernel/ on.
type call struct {
	at             string // FILE:LINE
	caller, callee string
}

// listError is what is wrong with the list.
type listError struct{ text string }

func (e listError) Error() string { return e.text }

func wrong(at, format string, args ...any) error {
	return listError{at + ": " + fmt.Sprintf(format, args...)}
}

// readList reads a list: a caller and a callee on a line; the rest of a line after a # is a comment.
func readList(name, text string) (calls []call, err error) {
	seen := map[[2]string]bool{}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		at := fmt.Sprintf("%s:%d", name, i+1)
		if len(words) != 2 {
			return nil, wrong(at, "%d words; write a caller and one that it calls, like mm.(*Domain).enter lock.(*Spin).Lock", len(words))
		}
		key := [2]string{words[0], words[1]}
		if seen[key] {
			return nil, wrong(at, "the call stands in the list already; remove the line")
		}
		seen[key] = true
		calls = append(calls, call{at, words[0], words[1]})
	}
	return calls, nil
}

// split is the package of a function, and its name there.
func split(function string) (pkg, name string, ok bool) {
	pkg, name, ok = strings.Cut(function, ".")
	return pkg, name, ok && pkg != "" && name != ""
}

// symbol is how the linker calls a function of the kernel's.
func symbol(function string) string { return "tuco/kernel/" + function }
