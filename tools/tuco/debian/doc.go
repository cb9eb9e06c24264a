// Package debian takes files out of Debian packages without installing anything: a kernel or a hypervisor that is
// installed would change how the machine itself boots.
//
// A [Cache] keeps what it took in a directory for each package, with the paths that the files have in the package. What is
// there is used as it is; who wants a newer version removes the directory. So a directory can also be filled by hand,
// on a system that has no apt.
//
// apt does the fetching, and its checks: the packages' hashes are in lists that Debian signs. It works in directories
// of ours where it would need root, on lists that are fetched when the system's own do not know the package.
package debian
