package x86

import "tuco/kernel/frame"

func guardedRead() frame.VAddr

// RecoverGuarded tells the #GP handler whether the fault at rip is a refused
// ReadMSRSafe, and if so where to resume; it must clear the saved RCX as well.
func RecoverGuarded(rip frame.VAddr) (resume frame.VAddr, ok bool) {
	const rdmsrAndMove = 2 + 5 // bytes up to the RET of rdmsrGuarded
	if rip == guardedRead() {
		return rip + rdmsrAndMove, true
	}
	return 0, false
}
