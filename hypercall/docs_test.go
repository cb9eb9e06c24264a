package hypercall

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/hypercalls.md anew")

const docFile = "../docs/hypercalls.md"

const docHead = `# Hypercalls

This page is made from the table in ` + "`hypercall/table.go`" + ` by
` + "`go test ./hypercall -update`" + `; a test keeps the two together.

Tuco speaks the public Xen ABI for x86-64: numbers, structures and meanings are
those of Xen's public headers. A guest puts the number in RAX and the arguments
in RDI, RSI, RDX, R10, R8 and R9, and executes SYSCALL (PV) or VMCALL or VMMCALL
(PVH), or calls the entry of that number in the hypercall page. The result comes
back in RAX. From -4095 to -1 it is an error, the sign changed; else it is what
the call says, or 0.

A call or command is

- **done**,
- **planned**: it belongs to the part of the ABI that Tuco takes on, and is not
  there yet, or
- **absent**: it does not belong to that part. It gives ENOSYS, or what is said
  with it.

Two calls are Tuco's own: [tuco_op](#tuco_op), by which a guest learns what is there beside Xen's ABI, and
[control_op](#control_op), by which the control domain rules the others. A guest that never calls them sees nothing of that.

There are no PVH domains yet, so all this says is how it is for PV domains, and
what is meant for PVH.

All calls give EFAULT where an address can't be read or written, ENOSYS for a
number or a command that does not exist for this kind of domain, and EPERM to a
domain that may not make them. The calls below name what else they give.

`

func TestDocs(t *testing.T) {
	var b strings.Builder
	b.WriteString(docHead)
	writeOverview(&b)
	for n, c := range Table {
		if c != nil && c.State != Absent {
			writeCall(&b, n, c)
		}
	}
	writeAbsent(&b)
	want := b.String()
	if *update {
		require.NoError(t, os.WriteFile(docFile, []byte(want), 0o644))
	}
	got, err := os.ReadFile(docFile)
	require.NoError(t, err)
	assert.Equal(t, want, string(got), "run: go test ./hypercall -update")
}

func writeOverview(b *strings.Builder) {
	b.WriteString("| number | call | domains | who may call | state |\n|---|---|---|---|---|\n")
	for n, c := range Table {
		if c != nil && c.State != Absent {
			fmt.Fprintf(b, "| %d | [%s](#%s) | %s | %s | %s |\n", n, c.Name, c.Name, guestNames[c.Guests], callerNames[c.Caller], stateNames[c.State])
		}
	}
}

func writeCall(b *strings.Builder, n int, c *Call) {
	fmt.Fprintf(b, "\n## %s\n\n    %s\n\n%s", c.Name, prototype(c), c.Does)
	if c.Result != "" {
		fmt.Fprintf(b, " Result: %s.", c.Result)
	}
	fmt.Fprintf(b, "\n\nNumber %d, %s, %s, %s.\n", n, guestNames[c.Guests], callerNames[c.Caller], stateNames[c.State])
	if len(c.Fails) > 0 {
		b.WriteString("\n| error | when |\n|---|---|\n")
		for _, f := range c.Fails {
			fmt.Fprintf(b, "| %s | %s |\n", f.Errno, f.When)
		}
	}
	if len(c.Ops) > 0 {
		b.WriteString("\n| | command | takes | state | |\n|---|---|---|---|---|\n")
		for _, op := range c.Ops {
			note := op.Note
			if op.Caller == Privileged && c.Caller != Privileged {
				note = strings.TrimSuffix("privileged; "+note, "; ")
			}
			fmt.Fprintf(b, "| %d | %s | %s | %s | %s |\n", op.Cmd, op.Name, op.Type, stateNames[op.State], note)
		}
	}
}

func writeAbsent(b *strings.Builder) {
	b.WriteString("\n## Absent calls\n\n| number | call | why |\n|---|---|---|\n")
	for n, c := range Table {
		if c != nil && c.State == Absent {
			fmt.Fprintf(b, "| %d | %s | %s |\n", n, c.Name, c.Does)
		}
	}
}

// prototype is the call as C would declare it.
func prototype(c *Call) string {
	var args []string
	for _, a := range c.Args {
		switch a.Kind {
		case In, Out, InOut:
			what := a.Type
			switch {
			case what == "":
				what = "void"
			case !strings.HasSuffix(what, "_t") && what != "char" && what != "unsigned int":
				what = "struct " + what
			}
			if a.Kind == In {
				what = "const " + what
			}
			args = append(args, what+" *"+a.Name)
		default:
			args = append(args, kindNames[a.Kind]+" "+a.Name)
		}
	}
	if len(args) == 0 {
		args = []string{"void"}
	}
	return fmt.Sprintf("long %s(%s)", c.Name, strings.Join(args, ", "))
}

var (
	guestNames  = map[Guests]string{PV: "PV", PVH: "PVH", AnyGuest: "PV, PVH"}
	callerNames = map[Caller]string{AnyDomain: "any domain", Privileged: "privileged domains", Partly: "any domain, some of it privileged ones"}
	stateNames  = map[State]string{Implemented: "done", Planned: "planned", Absent: "absent"}
	kindNames   = map[ArgKind]string{Int: "int", Uint: "unsigned int", Ulong: "unsigned long", Domain: "domid_t"}
)
