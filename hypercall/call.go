package hypercall

// Call is a row of Table, all that is known of a hypercall but its handler.
type Call struct {
	Name   string // published name, without __HYPERVISOR_
	Args   []Arg
	Result string // what a result that is no error means; empty: 0
	Guests Guests
	Caller Caller
	State  State
	Does   string // what it does, in a sentence or some; with State Absent: why it is
	Fails  []Failure
	Ops    []Op // its commands, if it has any
}

// Arg is an argument of a call.
type Arg struct {
	Kind ArgKind
	Name string
	Type string // of what a pointer points to, in C; empty: the command says
}

// ArgKind is an argument's type as C has it.
type ArgKind uint8

// The kinds. Bits above the width are to be ignored.
const (
	Int    ArgKind = iota // 32 bits, signed
	Uint                  // 32 bits
	Ulong                 // 64 bits
	Domain                // domid_t, 16 bits
	In                    // address of what the call reads
	Out                   // address of what it writes
	InOut                 // address of what it reads and writes, or of what the command says
)

// Guests is a set of kinds of domain.
type Guests uint8

// The kinds of domain that a call is for. For others it does not exist: ENOSYS.
const (
	PV       Guests = 1 << iota // paravirtual
	PVH                         // with nested paging
	AnyGuest = PV | PVH
)

// Caller says which domains may make a call; others get EPERM.
type Caller uint8

// The callers.
const (
	AnyDomain  Caller = iota
	Privileged        // domains with SIF_PRIVILEGED
	Partly            // any domain, but some commands or arguments are for privileged ones
)

// State says how far a call, or a command of one, has come.
type State uint8

// The states.
const (
	Planned     State = iota // part of the subset of the ABI that Tuco takes on, and not done yet
	Implemented              // done
	Absent                   // not part of the subset: ENOSYS
)

// Failure is an error that a call gives, and when.
type Failure struct {
	Errno Errno
	When  string
}

// Op is a command of a call: the value of its first argument, or of an
// element's field.
type Op struct {
	Cmd    uint32
	Name   string // the published name of the constant
	Type   string // the structure it takes, in C; empty: none
	Caller Caller
	State  State
	Note   string // what differs from the call, or why it is Absent
}

// Lookup returns the row of a number, or nil if no call has it.
func Lookup(n Number) *Call {
	if n >= Number(len(Table)) {
		return nil
	}
	return Table[n]
}

// String is the call's published name.
func (n Number) String() string {
	if c := Lookup(n); c != nil {
		return c.Name
	}
	return "unknown hypercall"
}

// Op returns the row of a command, or nil if the call has no such command.
func (c *Call) Op(cmd uint64) *Op {
	for i := range c.Ops {
		if uint64(c.Ops[i].Cmd) == cmd {
			return &c.Ops[i]
		}
	}
	return nil
}
