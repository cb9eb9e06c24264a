package advisories

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write docs/advisories.md anew")

const (
	top     = "../.."
	docFile = top + "/docs/advisories.md"
)

const docHead = `# Advisories

This page is made from the table in ` + "`tools/advisories/table_test.go`" + ` by
` + "`go test ./tools/advisories -update`" + `; a test keeps the two together and sees
to it that each test named here exists.

Hypervisors written by experts have shipped with the faults below. They are
public: Xen's security advisories (XSA), of mechanisms that Tuco has too. Each has
tests that would find the same fault here, or the reason why it can't be here, or
the part that it is about is not there yet:

- a name like ` + "`kernel/calls TestXSA213…`" + ` is a host test;
- **model** is a mistake that is planted in the sources of page tables and frame
  types, to show that the model in ` + "`kernel/mm`" + ` finds it (TestPlantedFaults);
- **guest** is a test of the guests in ` + "`qemu-tests/guests`" + `, which boot on Tuco and on
  Xen;
- **selftest** is a check of the self-test that is built into the hypervisor.

`

func TestDocs(t *testing.T) {
	var b strings.Builder
	b.WriteString(docHead + "| XSA | where | the fault | here |\n|---|---|---|---|\n")
	for _, r := range table {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", numbers(r.xsa), r.where, r.fault, here(r))
	}
	want := b.String()
	if *update {
		require.NoError(t, os.WriteFile(docFile, []byte(want), 0o644))
	}
	got, err := os.ReadFile(docFile)
	require.NoError(t, err)
	assert.Equal(t, want, string(got), "run: go test ./tools/advisories -update")
}

func numbers(xsa []int) string {
	var s []string
	for _, n := range xsa {
		s = append(s, strconv.Itoa(n))
	}
	return strings.Join(s, ", ")
}

// here is what a row says about Tuco.
func here(r row) string {
	var s []string
	if r.never != "" {
		s = append(s, r.never)
	}
	if r.later != "" {
		s = append(s, "Not there yet: "+r.later+".")
	}
	for _, test := range r.tests {
		kind, name, _ := strings.Cut(test, " ")
		switch kind {
		case "model", "guest", "selftest":
			s = append(s, "**"+kind+"** "+name)
		default:
			s = append(s, "`"+test+"`")
		}
	}
	return strings.Replace(strings.Join(s, "; "), ".; ", ". ", 2)
}

// TestRows: each row says something about Tuco, and each advisory has one row.
func TestRows(t *testing.T) {
	seen := map[int]bool{}
	for _, r := range table {
		assert.True(t, strings.HasSuffix(r.fault, "."), r.fault)
		assert.True(t, len(r.tests) > 0 || r.never != "" || r.later != "", "XSA-%v: neither a test nor a reason", r.xsa)
		for _, n := range r.xsa {
			assert.False(t, seen[n], "XSA-%d has two rows", n)
			seen[n] = true
		}
	}
}

// TestTestsExist: the tests that rows name exist, and the tests that are named after
// an advisory stand in its row.
func TestTestsExist(t *testing.T) {
	known := map[string]bool{}
	addHostTests(t, known)
	addLiterals(t, known, "model ", "kernel/mm/planted_table_test.go", "faults")
	addLiterals(t, known, "selftest ", "kernel/selftest/checks.go", "checks")
	groups, err := filepath.Glob(top + "/qemu-tests/guests/*/group.go")
	require.NoError(t, err)
	for _, file := range groups {
		addLiterals(t, known, "guest "+filepath.Base(filepath.Dir(file))+"/", strings.TrimPrefix(file, top+"/"), "Group")
	}
	named := map[string]int{}
	for _, r := range table {
		for _, test := range r.tests {
			assert.True(t, known[test], "XSA-%v: there is no test %q", r.xsa, test)
			for _, n := range r.xsa {
				named[fmt.Sprintf("%s %d", test, n)]++
			}
		}
	}
	number := regexp.MustCompile(`TestXSA(\d+)`)
	for test := range known {
		if m := number.FindStringSubmatch(test); m != nil {
			assert.NotZero(t, named[test+" "+m[1]], "%s is not in the row of its advisory", test)
		}
	}
}

// addHostTests adds the test functions of all packages, as "directory name".
func addHostTests(t *testing.T, known map[string]bool) {
	require.NoError(t, filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "out" || d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && path != top) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		dir, err := filepath.Rel(top, filepath.Dir(path))
		require.NoError(t, err)
		for _, decl := range parse(t, path).Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				known[dir+" "+f.Name.Name] = true
			}
		}
		return nil
	}))
}

// addLiterals adds the names in a variable's literal: the first string of each
// element, or its field Name or name.
func addLiterals(t *testing.T, known map[string]bool, prefix, file, variable string) {
	before := len(known)
	for _, decl := range parse(t, filepath.Join(top, file)).Decls {
		d, ok := decl.(*ast.GenDecl)
		if !ok || d.Tok != token.VAR {
			continue
		}
		for _, spec := range d.Specs {
			if s := spec.(*ast.ValueSpec); s.Names[0].Name == variable && len(s.Values) == 1 {
				ast.Inspect(s.Values[0], func(n ast.Node) bool {
					if c, ok := n.(*ast.CompositeLit); ok && c.Type == nil {
						known[prefix+nameOf(c)] = true
					}
					return true
				})
			}
		}
	}
	require.Greater(t, len(known), before, "%s has no %s", file, variable)
}

// nameOf is what an element of a table is called.
func nameOf(c *ast.CompositeLit) string {
	for _, e := range c.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok {
			if key, ok := kv.Key.(*ast.Ident); !ok || !strings.EqualFold(key.Name, "name") {
				continue
			}
			e = kv.Value
		}
		if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
			s, _ := strconv.Unquote(l.Value)
			return s
		}
		return ""
	}
	return ""
}

func parse(t *testing.T, path string) *ast.File {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	return f
}
