// Package exit is what the two vendors' ways of leaving a guest have in
// common: the reasons by name, what the processor said about one (Info), the
// guest's registers (Regs), the events that entry can deliver (Event), and how
// a guest is to be confined (Setup).
//
// It is the vocabulary of the seam in package container. The back ends svm and
// vmx translate from and to it; everything above speaks nothing else, so that
// no raw exit code and no bit of a control block is known outside its vendor.
//
// An exit is described in two steps because exits are the hot path: running a
// guest returns a Reason at once, and only a handler that wants more asks for
// the Info.
package exit
