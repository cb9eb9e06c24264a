package probe

// ForcedCPUID measures CPUID's leaf 0 behind the prefix by which a guest asks for the hypervisor's version of it.
func ForcedCPUID() Reading {
	forcedCPUID()
	return found()
}

// ReadEFER measures RDMSR of EFER.
func ReadEFER() Reading {
	readEFER()
	return found()
}

// ReadCR3 measures reading CR3.
func ReadCR3() Reading {
	readCR3()
	return found()
}

// WritePort measures a byte written to port 0x80, which nothing listens to. A domain that may not use the port is told so by a
// fault, which ends the program.
func WritePort() Reading {
	writePort()
	return found()
}

// Write measures a word written to an address that only the hypervisor can let be written, such as a page table's.
func Write(at, value uint64) Reading {
	write(at, value)
	return found()
}

func forcedCPUID()
func readEFER()
func readCR3()
func writePort()
func write(at, value uint64)
