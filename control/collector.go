package main

import (
	"log/slog"
	"runtime"
	"runtime/debug"

	"tuco/control/pauses"
	"tuco/guestlib"
	"tuco/guestlib/page"
)

// spareMemory is what the program has to have left when it has unpacked a kernel, in bytes.
const spareMemory = 8 << 20

// unpackRoom is how much memory there is for a kernel that has to be read as a whole.
func unpackRoom() int64 {
	debug.FreeOSMemory() // what is no longer used counts as used
	_, free := guestlib.Memory()
	return max(int64(free)*page.Size-spareMemory, 0)
}

// limitHeap has the garbage collector keep within the memory that the domain has. By itself it would begin when there is as much garbage as there is in use, which may be more than
// there is memory. A quarter stays for what it does not know of: pages for devices, and page tables for what is mapped of guests.
func limitHeap() {
	_, free := guestlib.Memory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetMemoryLimit(int64(m.Sys-m.HeapReleased) + int64(free*page.Size/4*3))
}

// tellPauses says for how long the collector has kept guests' rings waiting. Benchmarks read the line: tools/tuco/bench.
func tellPauses(log *slog.Logger) {
	p := pauses.Read()
	log.Info("garbage collector", "collections", p.Collections, "longest_stop", p.Stop, "longest_wait", p.Wait)
}
