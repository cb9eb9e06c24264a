package x86

import "tuco/kernel/frame"

// Load32 and Store32 access a device's register in memory: exactly once, at
// exactly this width, in program order, which plain Go does not promise.
func Load32(v frame.VAddr) uint32
func Store32(v frame.VAddr, value uint32)

// Fence waits until earlier loads and stores are done and seen by all CPUs.
// A write to an x2APIC register does not wait for them by itself.
func Fence()

// Store8 is Store32 for a byte.
func Store8(v frame.VAddr, value uint8)

// Breakpoint raises #BP.
func Breakpoint()
