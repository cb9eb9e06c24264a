package goport

// What packages above the runtime answer of system calls, such as those on files, never gets down to the library: package
// syscall's wrappers ask first, which tuco/guestlib/calls sets. There the caller is an ordinary goroutine, before the runtime
// was told of a system call: the answer may allocate, wait for goroutines, and grow the stack.
//
// Growing moves it, and a wrapper's arguments are addresses in numbers, which nobody adjusts; so a wrapper must not split.
// Those that point into the caller's stack are handed on as pointers instead, which are adjusted, and what goes down
// afterwards is read back from them. Other memory doesn't move.
const ask = `
// guestAnswer answers system calls.
//
//go:linkname guestAnswer
var guestAnswer = guestFirst

// guestFirst answers the first of them. No package that makes calls is initialised before that.
//
//go:linkname guestFirst tuco/guestlib/files.first
func guestFirst(trap uintptr, args [6]uintptr, onStack [6]unsafe.Pointer) (r1, r2 uintptr, err Errno, own bool)

// guestStack is the stack of the goroutine that asks; lo is hi where it may not: on the thread's own stack, or with locks.
//
//go:linkname guestStack runtime.guestStack
func guestStack() (lo, hi uintptr)

//go:nosplit
//go:norace
func guestAsk(trap uintptr, args *[6]uintptr) (r1, r2 uintptr, err Errno, own bool) {
	lo, hi := guestStack()
	if lo == hi {
		return
	}
	var onStack [6]unsafe.Pointer
	for i, a := range args {
		if lo <= a && a < hi {
			onStack[i] = unsafe.Pointer(a)
		}
	}
	r1, r2, err, own = guestAnswer(trap, *args, onStack)
	for i, p := range onStack {
		if p != nil {
			args[i] = uintptr(p)
		}
	}
	return
}

//go:uintptrkeepalive
//go:nosplit
//go:norace
func guestDown(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err Errno) {
	var errno uintptr
	r1, r2, errno = linux.Syscall6(trap, a1, a2, a3, a4, a5, a6)
	err = Errno(errno)
	return
}

//go:uintptrkeepalive
//go:nosplit
//go:norace
func rawSyscallNoError(trap, a1, a2, a3 uintptr) (r1, r2 uintptr) {
	r1, r2, _ = RawSyscall6(trap, a1, a2, a3, 0, 0, 0)
	return
}
`

// askFirst is what Syscall and RawSyscall6 begin with, given what of a4 to a6 they have.
func askFirst(rest string) string {
	all := "a1, a2, a3" + rest
	read := "a1, a2, a3 = args[0], args[1], args[2]\n"
	if rest != "" {
		read += "\ta4, a5, a6 = args[3], args[4], args[5]\n"
	}
	return "\targs := [6]uintptr{" + all + "}\n" +
		"\tvar own bool\n" +
		"\tif r1, r2, err, own = guestAsk(trap, &args); own {\n\t\treturn\n\t}\n" +
		"\t" + read
}

// asking is the changes of syscall/syscall_linux.go.
var asking = []edit{
	{"\tvar errno uintptr\n\tr1, r2, errno = linux.Syscall6(trap, a1, a2, a3, a4, a5, a6)\n\terr = Errno(errno)\n\treturn\n",
		askFirst(", a4, a5, a6") + "\treturn guestDown(trap, a1, a2, a3, a4, a5, a6)\n", 1},
	{"\truntime_entersyscall()\n\t// N.B. Calling", askFirst("") + "\truntime_entersyscall()\n\t// N.B. Calling", 1},
	{"\tr1, r2, err = RawSyscall6(trap, a1, a2, a3, 0, 0, 0)\n\truntime_exitsyscall()\n",
		"\tr1, r2, err = guestDown(trap, a1, a2, a3, 0, 0, 0)\n\truntime_exitsyscall()\n", 1},
	{"\truntime_entersyscall()\n\tr1, r2, err = RawSyscall6(trap, a1, a2, a3, a4, a5, a6)\n",
		askFirst(", a4, a5, a6") + "\truntime_entersyscall()\n\tr1, r2, err = guestDown(trap, a1, a2, a3, a4, a5, a6)\n", 1},
	{"func rawSyscallNoError(trap, a1, a2, a3 uintptr) (r1, r2 uintptr)\n", ask, 1},
}

// stackOfGoroutine is runtime.guestStack.
const stackOfGoroutine = `
// guestStack is the running goroutine's stack, if it may split it and wait.
//
//go:nosplit
func guestStack() (lo, hi uintptr) {
	gp := getg()
	if mp := gp.m; gp != mp.curg || mp.locks != 0 || gp.throwsplit || mp.mallocing != 0 || mp.dying != 0 {
		return 0, 0
	}
	return gp.stack.lo, gp.stack.hi
}
`
