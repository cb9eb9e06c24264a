// Package files gives a guest's program files: what Linux' system calls on descriptors, paths and pipes do, over a tree in
// memory (package ramfs) that begins as the ramdisk's content. So [os.Open], [os.ReadDir], [os.Root], [os.Pipe] and all that
// stands on them behave as under Linux, and everything is writable, for as long as the guest runs.
//
// A program needs to do nothing: "tuco build" links the package, and it starts before anybody can open a file.
//
//	tuco ramdisk /testdata=testdata -o ramdisk.cpio
//	tuco up --dom0 guest.elf --dom0-ramdisk ramdisk.cpio
//
// and then, in the program,
//
//	text, err := os.ReadFile("/testdata/words.txt")
//
// The tree always has /tmp, in /dev null, zero, full, random, urandom, console, tty, stdin, stdout and stderr, and /etc/hosts
// with localhost, if the ramdisk has none. The working directory is what the variable PWD says at the start, if that is a
// directory, and else the root. The tree takes no more than a third of the memory that is free when the first file is opened;
// after that ENOSPC is the answer.
//
// What there is not: processes to share it with, so no locks; watching; extended attributes; mapping of files; and the
// permissions are not looked at, because the program is root.
package files
