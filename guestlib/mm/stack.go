package mm

// The library's stacks, one for each thread, the first below chosenBase and the others below it.
const (
	MaxStacks   = 128
	StackSize   = 16 << 10
	stackStride = 32 << 10 // the rest is not mapped, and guards
)

// Stack is the upper end of a stack, which is mapped. It tells whether there was memory for it.
func Stack(number int) (top uint64, ok bool) {
	top = stackTop(number)
	lock.Lock()
	ok = populate(top-StackSize, top, readWrite|noExec, false, queued)
	lock.Unlock()
	return top, ok
}

func stackTop(number int) uint64 { return chosenBase - uint64(number)*stackStride }

// Guard is the addresses below a thread's stack where nothing is mapped, so that what goes beyond the stack's end goes nowhere.
func Guard(number int) (start, end uint64) {
	end = stackTop(number) - StackSize
	return end - (stackStride - StackSize), end
}
