package hypercall

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// fact is something that this package says about the ABI: C must give the
// expression the same value.
type fact struct {
	what string // in Go
	c    string // in C
	want uint64
}

// source is this package as the compiler sees it, with its comments: so that
// no constant, type or field can be forgotten.
type source struct {
	scope *types.Scope
	docs  map[string]string // of types
}

// sizes are those of the machine that the ABI is for, whatever runs the test.
var sizes = types.SizesFor("gc", "amd64")

func load(t *testing.T) source {
	t.Helper()
	s, err := loadOnce()
	require.NoError(t, err)
	return s
}

var loadOnce = sync.OnceValues(func() (source, error) {
	fset := token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		return source{}, err
	}
	var files []*ast.File
	docs := map[string]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		if err != nil {
			return source{}, err
		}
		files = append(files, f)
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
				for _, s := range g.Specs {
					docs[s.(*ast.TypeSpec).Name.Name] = strings.Join(strings.Fields(g.Doc.Text()), " ")
				}
			}
		}
	}
	cfg := types.Config{Importer: importer.ForCompiler(fset, "source", nil), Sizes: sizes}
	pkg, err := cfg.Check("tuco/hypercall", fset, files, nil)
	if err != nil {
		return source{}, err
	}
	return source{pkg.Scope(), docs}, nil
})

// ours are exported types that are not the ABI's but about it.
var ours = map[string]bool{
	"Args": true, "ArgList": true, "Command": true, "LongCommand": true,
	"Call": true, "Arg": true, "ArgKind": true, "Guests": true, "Caller": true, "State": true, "Failure": true, "Op": true,
	"Errno": true, "Number": true, "GrantStatus": true, "XenMemFlags": true, "UVMFlags": true, "ForeignDom": true,
	"EvtchnPeer": true, "E820Entry": true, "Handle": true,
}

var cName = regexp.MustCompile(`^\w+ is (struct \w+|enum \w+|\w+_t)\b`)

// facts lists all that the package says.
func (s source) facts(t *testing.T) (facts []fact) {
	for _, name := range s.scope.Names() {
		if !ast.IsExported(name) {
			continue
		}
		switch o := s.scope.Lookup(name).(type) {
		case *types.Const:
			if c := publishedName(o); c != "" {
				facts = append(facts, fact{name, c, value(t, o)})
			}
		case *types.TypeName:
			if ours[name] || strings.HasSuffix(name, "Args") || strings.HasPrefix(name, "Tuco") || strings.HasPrefix(name, "Control") {
				continue
			}
			m := cName.FindStringSubmatch(s.docs[name])
			require.NotNil(t, m, "%s: its comment has to begin \"%s is struct …\", or the type is one of ours", name, name)
			facts = append(facts, typeFacts(t, o, m[1])...)
		}
	}
	return facts
}

// publishedName is a constant's name in C, or nothing for one of ours: those
// have no underscore, or belong to Tuco's own calls.
func publishedName(o *types.Const) string {
	named, _ := o.Type().(*types.Named)
	switch {
	case o.Val().Kind() == constant.String:
		return "" // TestPrefix
	case named != nil && named.Obj().Name() == "Errno":
		return "XEN_" + o.Name()
	case o.Name() == "HYPERVISOR_tuco_op":
		return "__HYPERVISOR_arch_7" // where Xen has none
	case o.Name() == "HYPERVISOR_control_op":
		return "__HYPERVISOR_arch_6"
	case strings.HasPrefix(o.Name(), "TUCO"), strings.HasPrefix(o.Name(), "CONTROL"):
		return ""
	case named != nil && named.Obj().Name() == "Number":
		return "__" + o.Name()
	case named != nil && named.Obj().Name() == "XenbusState":
		return o.Name()
	case strings.Contains(o.Name(), "_"):
		return o.Name()
	}
	return ""
}

func value(t *testing.T, o *types.Const) uint64 {
	if v, ok := constant.Uint64Val(o.Val()); ok {
		return v
	}
	v, ok := constant.Int64Val(o.Val())
	require.True(t, ok, o.Name())
	return uint64(v)
}

// typeFacts are a type's size and each field's place and size.
func typeFacts(t *testing.T, o *types.TypeName, c string) []fact {
	facts := []fact{{"size of " + o.Name(), fmt.Sprintf("sizeof(%s)", c), uint64(sizes.Sizeof(o.Type()))}}
	st, ok := o.Type().Underlying().(*types.Struct)
	if !ok {
		return facts
	}
	for i, offset := range sizes.Offsetsof(structFields(st)) {
		f := st.Field(i)
		if f.Name() == "_" {
			continue
		}
		field := reflect.StructTag(st.Tag(i)).Get("abi")
		if field == "" {
			field = snake(f.Name())
		} else {
			require.NotEqual(t, snake(f.Name()), field, "%s.%s needs no tag", o.Name(), f.Name())
		}
		name := o.Name() + "." + f.Name()
		facts = append(facts,
			fact{"offset of " + name, fmt.Sprintf("__builtin_offsetof(%s, %s)", c, field), uint64(offset)},
			fact{"size of " + name, fmt.Sprintf("sizeof(((%s *)0)->%s)", c, field), uint64(sizes.Sizeof(f.Type()))})
	}
	return facts
}

func structFields(st *types.Struct) []*types.Var {
	fields := make([]*types.Var, st.NumFields())
	for i := range fields {
		fields[i] = st.Field(i)
	}
	return fields
}

var hump = regexp.MustCompile(`([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])`)

// snake turns a Go name into the C name that it most likely has. Where it errs,
// the compiler says so, and the field gets a tag.
func snake(name string) string {
	name = strings.NewReplacer("VCPU", "Vcpu", "DomID", "Domid").Replace(name)
	return strings.ToLower(hump.ReplaceAllString(hump.ReplaceAllString(name, "${1}${3}_${2}${4}"), "${1}${3}_${2}${4}"))
}

// TestPadding: what the compiler would add on its own could carry stale bytes
// to a guest.
func TestPadding(t *testing.T) {
	s := load(t)
	structs := 0
	for _, name := range s.scope.Names() {
		o, ok := s.scope.Lookup(name).(*types.TypeName)
		if !ok || !cName.MatchString(s.docs[name]) {
			continue
		}
		if st, ok := o.Type().Underlying().(*types.Struct); ok {
			structs++
			sum := int64(0)
			for _, f := range structFields(st) {
				sum += sizes.Sizeof(f.Type())
			}
			require.Equal(t, sizes.Sizeof(st), sum, "%s has padding that is not spelled out", name)
		}
	}
	require.NotZero(t, structs)
}
