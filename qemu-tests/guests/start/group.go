// Package start tests what a paravirtual kernel finds when it starts: public header xen.h, "Start-of-day memory layout".
// It has to be the first group of a boot. The command line says what to expect: pages=N, ramdisk=SIZE, and p2m=ADDRESS where
// the notes ask for one.
package start

import "tuco/qemu-tests/guests/pv"

// Group is the tests.
var Group = pv.Group{Name: "start", Tests: []pv.Test{
	{Name: "registers", Run: registers},
	{Name: "info", Run: info},
	{Name: "order", Run: order},
	{Name: "mapping", Run: mapping},
	{Name: "tables", Run: tables},
	{Name: "p2m", Run: p2m},
	{Name: "shared-info", Run: sharedInfo},
	{Name: "ramdisk", Run: ramdisk},
}}
