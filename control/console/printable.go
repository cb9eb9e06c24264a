package console

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Printable is text with nothing in it that a terminal would obey: line feeds and tabs stay, other control characters and bytes that
// are no text become \x and two digits.
func Printable(p []byte) string {
	var b strings.Builder
	for len(p) > 0 {
		r, n := utf8.DecodeRune(p)
		switch {
		case r == '\n' || r == '\t' || r >= ' ' && r < 0x7f || r >= 0xa0 && r != utf8.RuneError:
			b.WriteRune(r)
		default:
			for _, c := range p[:n] {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		}
		p = p[n:]
	}
	return b.String()
}
