package reach

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// Redirect replaces function From by function To.
type Redirect struct{ From, To string }

// Patch is a redirect found in the image: a jump to To.Addr is to be written at From.Addr.
type Patch struct{ From, To Func }

// JumpSize is the size in bytes of the jump that a patch writes: E9 rel32.
const JumpSize = 5

// ReadRedirects reads lines of FROM TO; # begins a comment. The name is for messages.
func ReadRedirects(r io.Reader, name string) ([]Redirect, error) {
	var out []Redirect
	seen := map[string]bool{}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		switch {
		case len(fields) == 0:
			continue
		case len(fields) != 2:
			return nil, fmt.Errorf("%s:%d: want FROM TO", name, n)
		case seen[fields[0]]:
			return nil, fmt.Errorf("%s:%d: %s is redirected twice", name, n, fields[0])
		}
		seen[fields[0]] = true
		out = append(out, Redirect{From: fields[0], To: fields[1]})
	}
	return out, lines.Err()
}
