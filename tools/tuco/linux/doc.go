// Package linux makes what boots stock Linux: the kernel of a Debian package as an ELF file, and an initramfs with u-root's
// commands, some of the package's modules, and this project's guests/linuxload, which the kernel's command line can
// give work to.
//
// Each part is made once and kept: the package's files and u-root's program below a cache, the two files in their
// directory beside a key, which is a hash of all that they are made of.
package linux

// Domain0Args are the words that a kernel of Debian's needs on its command line to be domain 0: its console is the
// hypervisor's.
const Domain0Args = "console=hvc0"
