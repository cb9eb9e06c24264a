// Package advisories keeps what was learnt from faults of other hypervisors: a
// table of Xen's security advisories (XSA) about mechanisms that Tuco has too,
// with the tests that keep Tuco from the same fault, or the reason why it can't
// have it. A test makes docs/advisories.md of the table, and sees to it that
// every test that is named exists.
package advisories
