// Package boottest runs boot tests that are described in files, for people who have a kernel and no wish to write a harness.
//
// # A file
//
// A test is a guest.cfg with a few keys more. [Parse] reads it: steps, in their order, and limits. Each step keeps the line where the
// file makes it, so that a failure names the place.
//
// # A host
//
// Each test has a host of its own, in an emulator, in which the control domain makes the guest. This package does not boot it: it is
// given a [Boot] for that, and so its own tests need no emulator. What it sees of a host is the console of the control domain, on
// which guests' lines have their name before them and the end of each is told ([transcript]); what it types there are the control
// domain's commands.
//
// # Lines
//
// Steps look at whole lines, each once, in their order: an expect looks from behind the line that satisfied the one before it. A
// host is slow in one place and fast in another, so nothing here depends on which of two guests is first; each has its own lines.
//
// # The verdict
//
// A test passes when its last step is done and no guest has crashed but where an end step waited for that. It fails at the first
// thing that says otherwise, and then everything that tells why is kept: the logs, each guest's console, the command line.
package boottest
