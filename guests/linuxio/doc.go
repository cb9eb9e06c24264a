// Command linuxio measures, as the first program of a stock Linux guest, what its disk and its network cost with our back ends: as
// guests/iobench does in a Go guest, and with rows of the same names. It loads Linux' front ends, does direct I/O to the first disk,
// whose contents are lost, pings, sends to a guest that runs iobench with the word answer, prints the table and powers off.
//
// The kernel's command line has the words linuxio.address=ADDRESS, linuxio.ping=ADDRESS and linuxio.send=ADDRESS.
//
// The time in which no CPU had anything to run is subtracted. Linux lets a guest's programs make no hypercall that would tell it, so the other guest is asked.
package main
