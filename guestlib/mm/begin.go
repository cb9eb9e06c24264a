package mm

// firstStacks is how many threads every program has before main.
const firstStacks = 3

// begin makes the stacks that every program needs before main, and the table that they share with the first areas. If there is
// no memory for it, who asks for it later is told.
func begin() {
	l1, ok := ensure(chosenBase - PageSize)
	if !ok {
		return
	}
	for i := range firstStacks {
		top := stackTop(i)
		fill(l1, top-StackSize, top, readWrite|noExec, false, queued)
	}
	wait()
}
