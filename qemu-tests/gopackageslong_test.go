//go:build boot && long

package qemutests

import "testing"

// The same tests and more, none of them shortened.
func TestGoPackagesInFull(t *testing.T) {
	t.Parallel()
	testGo(t, append([]string{"math/..."}, goPackages...), "--timeout", "40m")
}

// The runtime's own tests are the best judges of its port. In full they take hours in an emulator, so they are shortened. Some
// fill half a gigabyte of memory, and more while there is garbage.
func TestGoRuntime(t *testing.T) {
	for _, cpus := range []string{"1", "4"} {
		t.Run(cpus+" vCPUs", func(t *testing.T) {
			t.Parallel()
			testGo(t, []string{"runtime", "runtime/debug", "runtime/metrics", "runtime/pprof"}, "--short", "--timeout", "40m", "--memory", "2G", "--cpus", cpus)
		})
	}
}
