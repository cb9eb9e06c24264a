package svm

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/layout"
	"tuco/kernel/tag"
	"tuco/kernel/x86"
)

// cpu is what a CPU has of its own.
type cpu struct {
	host    frame.MAddr // the page with the state that VMLOAD brings back
	tags    tag.Allocator
	current *Guest // the one that is loaded
	flush   bool   // the next entry flushes the TLB
}

var cpus [layout.MaxCPUs]cpu

// The permission maps that all guests share; every bit is set, so every MSR
// and, where a guest's policy asks for it, every port exits.
var msrBitmap, ioBitmap frame.MAddr

const (
	msrBitmapFrames = 2
	ioBitmapFrames  = 3
)

// Start prepares what all guests share.
func Start(block exit.GlobalFrames) {
	msrBitmap = frame.MFN(block).Addr()
	ioBitmap = msrBitmap + msrBitmapFrames*frame.PageSize
	maps := layout.Bytes(msrBitmap, (msrBitmapFrames+ioBitmapFrames)*frame.PageSize)
	for i := range maps {
		maps[i] = 0xff
	}
}

const _ = uint(exit.GlobalFrameCount - msrBitmapFrames - ioBitmapFrames)

// Enable lets this CPU run guests. It comes after everything that VMSAVE
// stores has its final value: FS base, the task register, the SYSCALL registers.
func Enable(id int, f exit.CPUFrames) exit.Refusal {
	if vmcr, ok := x86.ReadMSRSafe(msrVMCR); ok && vmcr&vmcrDisable != 0 {
		return "AMD-V is switched off on this CPU (VM_CR.SVMDIS)"
	}
	x86.WRMSR(x86.MSREFER, x86.RDMSR(x86.MSREFER)|x86.EFERSVME)
	x86.WRMSR(msrHSave, uint64(f[0].Addr()))
	c := &cpus[id]
	c.host = f[1].Addr()
	c.tags.Start(asids)
	saveHost(c.host)
	return ""
}

// saveHost stores the host's state in the page by VMSAVE.
func saveHost(page frame.MAddr)
