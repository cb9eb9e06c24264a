package config

import (
	"fmt"
	"strings"
)

// unknown says that a word is none of those that are known, which was probably meant, and which there are.
func unknown(what, word string, known []string) string {
	text := fmt.Sprintf("unknown %s %q", what, word)
	if near := nearest(word, known); near != "" {
		text += fmt.Sprintf(" (did you mean %s?)", near)
	}
	return text + "; possible are " + strings.Join(known, ", ")
}

// nearest is the known word that takes the fewest edits, if they are few for its length.
func nearest(word string, known []string) string {
	best, least := "", len(word)
	for _, k := range known {
		if d := distance(strings.ToLower(word), k); d < least && d <= max(1, len(k)/2) {
			best, least = k, d
		}
	}
	return best
}

// distance is how many bytes must be inserted, removed or changed to make a of b. Levenshtein's, a row at a time.
func distance(a, b string) int {
	const longest = 64
	if len(a) > longest {
		return longest
	}
	row := make([]int, len(b)+1)
	for k := range row {
		row[k] = k
	}
	for i := range len(a) {
		before := row[0] // of the row above, one to the left
		row[0] = i + 1
		for j := range len(b) {
			change := before
			if a[i] != b[j] {
				change++
			}
			before = row[j+1]
			row[j+1] = min(change, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
