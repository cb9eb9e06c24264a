package probe

// Breakpoint measures INT3, its handler that returns at once, and the way back.
func Breakpoint() Reading {
	trapBreakpoint()
	return found()
}

// Invalid measures an invalid instruction, its handler that passes over it, and the way back.
func Invalid() Reading {
	trapInvalid()
	return found()
}

// PageFault measures a write to address 0, the handler that passes over it, and the way back.
func PageFault() Reading {
	trapPage()
	return found()
}

func trapBreakpoint()
func trapInvalid()
func trapPage()
