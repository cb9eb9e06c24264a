// Command linuxload is the first program that runs in a stock Linux guest: u-root's init starts it as /bin/uinit. `out/tuco
// image linux` builds it into the initramfs.
//
// The kernel's command line tells it what to do:
//
//	tuco.end=poweroff    runs the load, then powers off; so do reboot, and panic, which crashes the kernel
//	tuco.end=shell       runs the load, then a shell
//	tuco.forks=200       the load's processes; 0 for none
//	tuco.map=1G          the load's memory; 0 for none
//	tuco.getppid=0       loops to measure: so many system calls,
//	tuco.faults=0        page faults,
//	tuco.forkexits=0     processes that end at once
//	tuco.devices         loads Xen's front ends, and has the network interface get an address by DHCP, or tuco.address=ADDRESS/BITS
//	tuco.store           tries Xen's store by Debian's xenstore-utils
//	tuco.disk=32M        makes ext4 on the first disk, and writes so much; tuco.cut restarts the machine in the middle
//	tuco.net=16M         sends so much to tuco.peer=HOST:PORT, and wants it back
//
// With none of these, or no more than the last five, it runs a shell after that. Where the shell ends the machine powers off.
//
// The load is hard on what a hypervisor has to do with page tables. Its processes are made by fork(2), which copies all page
// tables and write-protects the originals, change their copies, and execute another program. Its memory is
// mapped in pieces, filled, checked, made read-only and unmapped; in every other piece the kernel maps all pages in
// one go. Each part prints a line of its verdict:
//
//	linuxload: forks: passed: 200 processes in TIME
//	linuxload: map: passed: 1024 MiB in TIME
//	linuxload: end: poweroff
//
// The loops tell when they begin, and how many ticks of the time stamp counter they took:
//
//	linuxload: getppid: begins
//	linuxload: getppid: passed: 200000 in 91234567 ticks
//
// The files that the disk gets are of 1 MiB each. Each is there for good before the next is begun, and it is told:
//
//	linuxload: disk: synced 7 files
//
// On a disk that has ext4 already, as after a restart, e2fsck's quick check has to find nothing to repair, and the slow one after it no fault; then the files that are right are
// counted, and the others written. So what an earlier life has told can be compared:
//
//	linuxload: disk: found 7 files right
//
// A part that fails says "failed" and why, and crashes the kernel, whatever the end should have been.
package main
