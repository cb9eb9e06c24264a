package config

import (
	"fmt"
	"strings"

	"tuco/kernel/text"
)

// unknown says that a word is none of those that are known, which was probably meant, and which there are.
func unknown(what, word string, known []string) string {
	near := text.Near{Word: []byte(word)}
	for _, k := range known {
		near.Offer(k)
	}
	said := fmt.Sprintf("unknown %s %q", what, word)
	if n := near.Name(); n != "" {
		said += fmt.Sprintf(" (did you mean %s?)", n)
	}
	return said + "; possible are " + strings.Join(known, ", ")
}
