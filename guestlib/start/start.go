package start

import (
	"tuco/guestlib/clock"
	"tuco/guestlib/console"
	"tuco/guestlib/cpu"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/sched"
	"tuco/guestlib/upcall"
	"tuco/hypercall"
)

// stackSize is that of the first stack, on which the runtime begins too: it takes 64 KiB of it for granted.
const (
	stackSize     = 96 << 10
	argumentsSize = (2*maxWords + otherWords) * 8 // its upper end is for what arguments makes
	maxWords      = 64                            // of arguments, and of variables
	otherWords    = 16                            // the count, the ends of the lists, the auxiliary vector
)

// What entry needs before there is anything: a stack, a g, and what FS points at.
var (
	stack [stackSize]byte
	//lint:ignore U1000 the assembly code refers to it
	startG   [512]byte
	startTLS [2]uint64
)

// startFunc is what entry calls.
//
//lint:ignore U1000 the assembly code refers to it
var startFunc = start

// startInfo is the page that the builder has filled.
var startInfo *hypercall.StartInfo

// entered is the TSC when start began, which is some 20 instructions after the entry.
var entered uint64

// Entered is the time stamp counter when the guest began.
func Entered() uint64 { return entered }

// start takes over the machine, and returns where the runtime's stack is to begin.
func start(info *hypercall.StartInfo) uint64 {
	entered = clock.TSC()
	require(info)
	info = mm.Init(info)
	startInfo = info
	startTLS[1] = hypercalls.Address(&startTLS[1])
	first := sched.Init()
	cpu.Handle(cpu.Handlers{Call: call, Trap: trap, Forked: sched.Forked, Began: sched.Began})
	cpu.Init(&first.Context)
	cpu.AllowPorts()
	clock.SetWall(upcall.Init(info.SharedInfo))
	sched.Start()
	attachConsole(info)
	seed()
	return arguments(info)
}

// arguments lays out what a Linux process finds on its stack: the words of the command line, the environment, and the
// auxiliary vector. A word env.NAME=VALUE is a variable of the environment, and no argument.
func arguments(info *hypercall.StartInfo) uint64 {
	const (
		atNull, atPageSize, atRandomness = 0, 6, 25
	)
	words, variables := [maxWords]uint64{hypercalls.Address(&name)}, [maxWords]uint64{}
	n, m := 1, 0
	line := &info.CmdLine
	for i := 0; i < len(line) && line[i] != 0; i++ {
		if line[i] == ' ' {
			line[i] = 0
			continue
		}
		if i == 0 || line[i-1] == 0 {
			switch {
			case n == maxWords || m == maxWords:
				console.Fatal("the command line has too many words")
			case isVariable(line[i:]):
				variables[m] = hypercalls.Address(&line[i+len(variable)])
				m++
			default:
				words[n] = hypercalls.Address(&line[i])
				n++
			}
		}
	}
	line[len(line)-1] = 0
	// The list from the top down.
	top := hypercalls.Address(&stack) + stackSize
	push := func(v uint64) {
		top -= 8
		*hypercalls.At[uint64](top) = v
	}
	if (n+m)%2 == 0 {
		push(0) // the stack begins at a multiple of 16
	}
	push(0)
	push(atNull)
	push(hypercalls.Address(&randomness))
	push(atRandomness)
	push(mm.PageSize)
	push(atPageSize)
	push(0)
	for i := m - 1; i >= 0; i-- {
		push(variables[i])
	}
	push(0)
	for i := n - 1; i >= 0; i-- {
		push(words[i])
	}
	push(uint64(n))
	return top
}

// variable is what words begin with that make the environment.
const variable = "env."

// isVariable tells whether a word that ends with a space or a zero is one of the environment.
func isVariable(word []byte) bool {
	if len(word) < len(variable) || string(word[:len(variable)]) != variable {
		return false
	}
	for _, b := range word[len(variable):] {
		switch b {
		case '=':
			return true
		case ' ', 0:
			return false
		}
	}
	return false
}

// name is os.Args[0].
var name = [...]byte{'g', 'u', 'e', 's', 't', 0}

// randomness is for the runtime's start, and seeds getrandom's numbers.
var randomness [2]uint64

func seed() {
	for i := range randomness {
		v, ok := cpu.Random()
		if !ok {
			v = clock.TSC() * 0x9e3779b97f4a7c15
		}
		randomness[i] = v ^ clock.Wall()
	}
}
