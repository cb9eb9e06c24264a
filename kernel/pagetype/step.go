//go:build !model && !race

package pagetype

// step is where the model lets other CPUs go on. In the kernel it is nothing.
func step() {}

// quick tells whether the quick way is gone, where there is one.
func quick() bool { return true }
