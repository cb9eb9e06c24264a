// Package create makes domains and takes them apart.
//
// New makes one that has no memory yet, for the control domain to build, or for Domain, which
// makes those of the boot bundle: takes their memory, has it filled by package pvbuild, and
// gives the first vCPU its state. If one of those can't be made the boot stops, with a reason:
// a host that starts with half of its domains is worse than one that says what is wrong.
//
// What New began and could not finish is taken apart as a domain is that has ended, so there
// is one way for things to be given back.
package create
