// Package lines tests the interrupt lines of the machine's devices, which domain 0 gets as event channels, and what else
// it tells the hypervisor of the devices: the clock's chip interrupts by an edge, power management by a level.
package lines

import "tuco/qemu-tests/guests/pv"

// Group is the tests. They are domain 0's.
var Group = pv.Group{Name: "lines", Tests: []pv.Test{
	{Name: "map", Run: mapping},
	{Name: "map-refused", Run: mappingRefused},
	{Name: "vectors", Run: vectors},
	{Name: "taken", Run: taken},
	{Name: "free-numbers", Run: freeNumbers},
	{Name: "bad-addresses", Run: badAddresses},
	{Name: "edge", Run: edge},
	{Name: "edge-unheard", Run: edgeUnheard},
	{Name: "edge-upcall", Run: edgeUpcall},
	{Name: "edge-unmapped", Run: edgeUnmapped},
	{Name: "level", Run: level},
	{Name: "pci", Run: pci},
	{Name: "controller", Run: controller},
}}
