//go:build model || race

package pagetype

// Step, if set, is called before each access to a word that CPUs share.
var Step func()

func step() {
	if Step != nil {
		Step()
	}
}
