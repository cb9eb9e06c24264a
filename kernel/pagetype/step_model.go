//go:build model || race

package pagetype

// Step, if set, is called before each access to a word that CPUs share.
var Step func()

func step() {
	if Step != nil {
		Step()
	}
}

// Quick, if set, tells whether the quick way is gone, where there is one.
var Quick func() bool

func quick() bool { return Quick == nil || Quick() }
