// Package segments tests what a paravirtual guest may do with segments: descriptor tables, descriptors, selectors and
// the bases of FS and GS.
package segments

import "tuco/qemu-tests/guests/pv"

// Group is the tests.
var Group = pv.Group{Name: "segments", Tests: []pv.Test{
	{Name: "flat", Run: flat},
	{Name: "gdt", Run: gdt},
	{Name: "gdt-refused", Run: gdtRefused},
	{Name: "gdt-protected", Run: gdtProtected},
	{Name: "descriptors", Run: descriptors},
	{Name: "descriptors-refused", Run: descriptorsRefused},
	{Name: "ldt", Run: ldt},
	{Name: "ldt-refused", Run: ldtRefused},
	{Name: "ldt-later", Run: ldtLater},
	{Name: "own-returns", Run: ownReturns},
	{Name: "bases", Run: bases},
	{Name: "bases-user", Run: basesUser},
	{Name: "bases-refused", Run: basesRefused},
	{Name: "gs-selector", Run: gsSelector},
	{Name: "fsgsbase", Run: fsgsbase},
}}

// Descriptors: flat, of privilege level 3, present.
const (
	flatData   = 0x00cf_f300_0000_ffff
	flatCode64 = 0x00af_fb00_0000_ffff
	levelShift = 45
	presentBit = 1 << 47
	accessed   = 1 << 40

	// A descriptor of a system segment: a task state.
	taskState = 0x0000_8900_0000_0067
	// That of a local descriptor table.
	localTable = 0x0000_8200_0000_0fff
)

// descriptorOf is a byte-granular data segment with a base and a limit.
func descriptorOf(base, limit uint64) uint64 {
	return 0x0000_f300_0000_0000 | limit&0xffff | limit>>16&0xf<<48 | base&0xff_ffff<<16 | base>>24&0xff<<56
}
