package calls

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
)

// TestTable: the calls that the public table says are done have a handler, and no
// other has one.
func TestTable(t *testing.T) {
	for n, handler := range PV {
		c := hypercall.Lookup(hypercall.Number(n))
		done := c != nil && c.Guests&hypercall.PV != 0 && c.State == hypercall.Implemented
		assert.Equal(t, done, handler != nil, "number %d, %s", n, hypercall.Number(n))
	}
}

// elsewhere has the calls whose commands package mm tells apart.
var elsewhere = map[string]bool{"mmu_update": true}

// TestCommands: the commands that the public table says are done are those that
// the handlers know; besides, they may know some that give an error of their own.
func TestCommands(t *testing.T) {
	known := commands(t)
	for _, c := range hypercall.Table {
		if c == nil || c.State != hypercall.Implemented || elsewhere[c.Name] {
			continue
		}
		for _, op := range c.Ops {
			if op.State == hypercall.Absent && strings.HasPrefix(op.Note, "E") {
				continue
			}
			assert.Equal(t, op.State == hypercall.Implemented, known[op.Name], op.Name)
		}
	}
}

// commands are the constants of package hypercall that stand in a case of a
// switch in this package.
func commands(t *testing.T) map[string]bool {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	known := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		ast.Inspect(f, func(n ast.Node) bool {
			if c, ok := n.(*ast.CaseClause); ok {
				for _, e := range c.List {
					if s, ok := e.(*ast.SelectorExpr); ok {
						known[s.Sel.Name] = true
					}
				}
			}
			return true
		})
	}
	return known
}
