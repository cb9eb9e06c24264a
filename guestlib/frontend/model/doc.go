// Package model is a back end's domain for tests: grants, event channels and a store in the memory of one process, and on
// them a disk and a network interface to which the library's front ends connect as they do to those of a real host.
//
// It keeps count of what is shared, mapped and bound, so that a test can tell what was left behind. A test that wants a
// hostile back end takes a part of an ordinary one's work on itself.
package model
