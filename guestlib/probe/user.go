package probe

// UserCall measures SYSCALL of user mode: into the guest's kernel, and back by iret. The vCPU has a page-table root for user mode,
// in which the program is where it is for the kernel.
func UserCall() Reading {
	return user(userCalls)
}

// UserInterrupt measures INT $0x80 of user mode, the same way.
func UserInterrupt() Reading {
	return user(userInterrupts)
}

// What user mode does between the readings, and user mode's code in assembler.
const (
	userNothing = iota
	userCalls
	userInterrupts
)

// user goes to user mode, whose readings are its own. The exits on the way there and back are found by going there for nothing.
func user(what uint64) Reading {
	userMode(userNothing)
	way := found().Less(Nothing())
	userMode(what)
	return found().Less(Reading{Exits: way.Exits})
}

func userMode(what uint64)
