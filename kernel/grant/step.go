//go:build !model && !race

package grant

// step is where the tests let other CPUs go on. In the kernel it is nothing.
func step() {}
