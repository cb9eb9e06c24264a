// Package qemutests boots real images in emulators and judges their logs. Despite the folder's name, Bochs is among
// the emulators: it has the VT-x that QEMU's TCG lacks.
//
// The tests boot machines, which takes minutes, so they are compiled only when asked for by build tags:
//
//	go test -tags boot ./qemu-tests        every boot test
//	go test -tags boot,long ./qemu-tests   and those that take long
//
// They boot out/tuco.elf, or the file that TUCO_IMAGE names. Logs stay in out/test-logs/TEST. A test that fails shows
// the end of the log of each machine that it booted, with the places in the source that its addresses lie in.
//
// `go test -parallel N` limits how many machines run at a time.
package qemutests
