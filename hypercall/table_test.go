package hypercall

import (
	"go/constant"
	"go/types"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestNumbers: each number has its row, and each row its number.
func TestNumbers(t *testing.T) {
	names := map[uint64]string{}
	for name, v := range load(t).constants("HYPERVISOR_") {
		if !strings.HasPrefix(name, "HYPERVISOR_VIRT_") {
			names[v] = strings.TrimPrefix(name, "HYPERVISOR_")
		}
	}
	require.NotEmpty(t, names)
	for n := range uint64(len(Table)) + 10 {
		c := Lookup(Number(n))
		if name, ok := names[n]; !ok {
			assert.Nil(t, c, n)
		} else if assert.NotNil(t, c, name) {
			assert.Equal(t, name, c.Name)
			assert.Equal(t, name, Number(n).String())
		}
	}
	assert.Nil(t, Lookup(^Number(0)))
	assert.Equal(t, "unknown hypercall", Number(11).String())
}

// TestRows: what a row says fits together.
func TestRows(t *testing.T) {
	for _, c := range Table {
		if c == nil {
			continue
		}
		assert.True(t, strings.HasSuffix(c.Does, "."), c.Name)
		assert.NotZero(t, c.Guests, c.Name)
		assert.LessOrEqual(t, len(c.Args), len(ArgList{}), c.Name)
		if c.State == Absent {
			assert.Empty(t, c.Ops, c.Name)
			assert.Empty(t, c.Fails, c.Name)
		}
		for _, f := range c.Fails {
			assert.NotEqual(t, "unknown errno", f.Errno.String(), c.Name)
			assert.NotEmpty(t, f.When, c.Name)
		}
		privileged := false
		for _, op := range c.Ops {
			if op.State == Implemented {
				assert.Equal(t, Implemented, c.State, "%s is done and %s is not", op.Name, c.Name)
			}
			if op.State == Absent {
				assert.NotEmpty(t, op.Note, "why is %s absent?", op.Name)
			}
			assert.NotEqual(t, Partly, op.Caller, op.Name)
			privileged = privileged || op.Caller == Privileged
		}
		if privileged {
			assert.NotEqual(t, AnyDomain, c.Caller, "%s has commands for privileged domains", c.Name)
		}
	}
}

// notCommands are constants that are named like commands.
var notCommands = map[string]bool{
	"XENPF_INTERFACE_VERSION": true, "XENPF_ACPI_SLEEP_EXTENDED": true,
	"XEN_MC_NONURGENT": true, "XEN_MC_URGENT": true, "XEN_MC_ACK": true, "XEN_MC_OK": true, "XEN_MC_NODATA": true,
}

// TestOps: a call's rows are all of its commands, with their numbers and with
// types that this package has.
func TestOps(t *testing.T) {
	s := load(t)
	known := map[string]bool{"": true}
	for name, doc := range s.docs {
		if m := cName.FindStringSubmatch(doc); m != nil {
			known[strings.TrimPrefix(m[1], "struct ")] = name != ""
		}
	}
	for _, c := range Table {
		if c == nil || len(c.Ops) == 0 {
			continue
		}
		want := s.constants(prefix(c.Ops))
		got := map[string]uint64{}
		for _, op := range c.Ops {
			assert.NotContains(t, got, op.Name)
			got[op.Name] = uint64(op.Cmd)
			assert.Same(t, c.Op(uint64(op.Cmd)), c.Op(got[op.Name]))
			assert.Equal(t, op.Name, c.Op(uint64(op.Cmd)).Name)
			assert.True(t, known[op.Type], "%s takes %s, which no type is", op.Name, op.Type)
		}
		for name := range notCommands {
			delete(want, name)
		}
		assert.Equal(t, want, got, c.Name)
		assert.Nil(t, c.Op(1<<32|uint64(c.Ops[0].Cmd)), c.Name)
	}
}

// prefix is what the names of all commands begin with, up to an underscore.
func prefix(ops []Op) string {
	p := ops[0].Name
	for _, op := range ops {
		for !strings.HasPrefix(op.Name, p) {
			p = p[:len(p)-1]
		}
	}
	return p[:strings.LastIndex(p, "_")+1]
}

// constants are those whose names begin so.
func (s source) constants(prefix string) map[string]uint64 {
	m := map[string]uint64{}
	for _, name := range s.scope.Names() {
		if c, ok := s.scope.Lookup(name).(*types.Const); ok && strings.HasPrefix(name, prefix) {
			m[name], _ = constant.Uint64Val(c.Val())
		}
	}
	return m
}

// TestArgs: the methods of Args take the arguments that the table names, in the
// width that it says.
func TestArgs(t *testing.T) {
	var list ArgList
	for i := range list {
		list[i] = 0x8877_6655_8433_2210 + uint64(i)
	}
	var args Args
	args.Set(&list)
	methods := map[string]reflect.Value{}
	for m := range reflect.TypeFor[*Args]().Methods() {
		methods[strings.ToLower(m.Name)] = reflect.ValueOf(&args).MethodByName(m.Name)
	}
	delete(methods, "set")
	for _, c := range Table {
		if c == nil || c.State == Absent || len(c.Args) == 0 {
			continue
		}
		name := strings.ReplaceAll(c.Name, "_", "")
		if !assert.Contains(t, methods, name) {
			continue
		}
		got := flatten(methods[name].Call(nil)[0])
		delete(methods, name)
		var want []uint64
		for i, a := range c.Args {
			want = append(want, list[i]&widths[a.Kind])
		}
		if c.Name == "fpu_taskswitch" {
			want[0] = 1
		}
		assert.Equal(t, want, got, c.Name)
	}
	assert.Empty(t, methods, "methods of no call's")
}

func TestFPUTaskswitchIgnoresUpperHalf(t *testing.T) {
	var args Args
	args.Set(&ArgList{1 << 32})
	assert.False(t, args.FPUTaskswitch())
}

var widths = map[ArgKind]uint64{
	Int: 0xffff_ffff, Uint: 0xffff_ffff, Ulong: ^uint64(0), Domain: 0xffff, In: ^uint64(0), Out: ^uint64(0), InOut: ^uint64(0),
}

// flatten is a value's numbers, without their signs.
func flatten(v reflect.Value) (numbers []uint64) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			numbers = append(numbers, flatten(v.Field(i))...)
		}
	case reflect.Bool:
		if v.Bool() {
			return []uint64{1}
		}
		return []uint64{0}
	case reflect.Int32:
		return []uint64{uint64(uint32(v.Int()))}
	default:
		return []uint64{v.Uint()}
	}
	return numbers
}
