// Command control is the control domain: the program that makes, watches and ends all guests of a host. It runs as domain 0.
//
// It finds in its ramdisk, below /guests, a guest.cfg file for each guest; the files' kernels and ramdisks are in the ramdisk too. It makes these guests, copies
// what they write on their consoles to its own, with the guest's name before each line, has a store for them, obeys commands that are typed and requests of the management
// API, and ends when the last of them has: with status 1 if one has crashed or could not be started, so that the host's end tells. With the word keep on its command line it
// stays until it is told to end.
//
// If any file is wrong no guest is started. What guests there are is kept in memory, and so lives as long as the host.
package main
