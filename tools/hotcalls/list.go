package main

import (
	"fmt"
	"strings"
)

// chain is a line of the list: a function of the kernel's, one that it calls, one that this
// calls, and so on, as mm.(*Domain).Update, with the package named from kernel/ on.
// All calls are to be inlined into the first.
type chain struct {
	at        string // FILE:LINE
	functions []string
}

// listError is what is wrong with the list.
type listError struct{ text string }

func (e listError) Error() string { return e.text }

func wrong(at, format string, args ...any) error {
	return listError{at + ": " + fmt.Sprintf(format, args...)}
}

// readList reads a list: a chain on a line; the rest of a line after a # is a comment.
func readList(name, text string) (chains []chain, err error) {
	seen := map[string]bool{}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		at := fmt.Sprintf("%s:%d", name, i+1)
		switch key := strings.Join(words, " "); {
		case len(words) == 0:
			continue
		case len(words) == 1:
			return nil, wrong(at, "a function by itself; write a caller and one that it calls, like mm.(*Domain).enter lock.(*Spin).Lock")
		case seen[key]:
			return nil, wrong(at, "the call stands in the list already; remove the line")
		default:
			seen[key] = true
		}
		chains = append(chains, chain{at, words})
	}
	return chains, nil
}

// split is the package of a function, and its name there.
func split(function string) (pkg, name string, ok bool) {
	pkg, name, ok = strings.Cut(function, ".")
	return pkg, name, ok && pkg != "" && name != ""
}

// symbol is how the linker calls a function of the kernel's.
func symbol(function string) string { return "tuco/kernel/" + function }
