//go:build model || race

package grant

// Step, if set, is called before each access to a word that CPUs share with no lock.
var Step func()

func step() {
	if Step != nil {
		Step()
	}
}
