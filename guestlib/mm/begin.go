package mm

// firstStacks is how many threads every program has before main.
const firstStacks = 3

// begin makes what every program needs before main: stacks, the table of its first areas, and that of its heap. Two batches
// do it, where faults would take one each. If there is no memory for it, who asks for it later is told.
func begin() {
	l1, ok := ensure(chosenBase - PageSize)
	if !ok {
		return
	}
	for i := range firstStacks {
		top := stackTop(i)
		fill(l1, top-StackSize, top, readWrite|noExec, false)
	}
	wait()
	ensure(heapBase)
	wait()
}
