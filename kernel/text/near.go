package text

// Near finds, among the names offered to it, the one that a misspelt word
// most probably meant. Use: fill Word, call Offer for each name, ask Name.
type Near struct {
	Word []byte
	name string
	dist int
}

// nearMax bounds the work: longer words and names are never near.
const nearMax = 32

// Offer considers one name.
func (n *Near) Offer(name string) {
	d := distance(n.Word, name)
	if n.name == "" || d < n.dist {
		n.name, n.dist = name, d
	}
}

// Name is the nearest name, or "" when none is so near that it helps: at
// most one edit for each three letters of the word, and always one.
func (n *Near) Name() string {
	if n.name == "" || n.dist > max(1, len(n.Word)/3) {
		return ""
	}
	return n.name
}

// distance is the number of edits (insert, delete, replace, swap of two
// neighbours) that make name of word, ignoring case.
func distance(word []byte, name string) int {
	if len(word) > nearMax || len(name) > nearMax {
		return nearMax + 1
	}
	var before, prev, row [nearMax + 1]int
	for j := range prev {
		prev[j] = j
	}
	for i := 0; i < len(word); i++ {
		row[0] = i + 1
		for j := 0; j < len(name); j++ {
			same := Lower(word[i]) == Lower(name[j])
			d := prev[j]
			if !same {
				d++
			}
			d = min(d, prev[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && Lower(word[i]) == Lower(name[j-1]) && Lower(word[i-1]) == Lower(name[j]) {
				d = min(d, before[j-1]+1)
			}
			row[j+1] = d
		}
		before, prev = prev, row
	}
	return prev[len(name)]
}
