// Package gotests knows which of the Go distribution's own tests a guest can't run, and why.
//
// Its data are the text files beside this one, one for a package or a group of packages. A line names a package, a test of it
// (a test, an example, or a test within a test after a slash) and one of the [Reasons]; what follows a # is a comment:
//
//	sync  TestMutexMisuse    processes
//	sync  ExampleOnceValues  goroot     # reads its own source
//
// Each of them has to exist in the installed Go distribution: a host test sees to it, so what is gone from there goes from
// here. A test that fails for another reason isn't listed; it is a fault of the guest library.
package gotests
