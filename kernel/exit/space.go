package exit

// Space is one of a guest's two address spaces. Translations of one are not
// used in the other.
type Space uint8

// The address spaces. A guest that has only one uses KernelSpace.
const (
	KernelSpace Space = iota
	UserSpace
	Spaces
)

// Syscall is the registers behind the SYSCALL instruction: STAR, LSTAR, CSTAR
// and SFMASK.
//
// APM vol. 2, "SYSCALL and SYSRET".
type Syscall struct {
	Star, LStar, CStar, SFMask uint64
}
