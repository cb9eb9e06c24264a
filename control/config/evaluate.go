package config

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"go.starlark.net/resolve"
	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// What a file may take.
const (
	MaxSize  = 64 << 10  // bytes
	maxSteps = 1_000_000 // of Starlark's machine; some 50 ms
)

// position is where the value of a key comes from: its own, and if it is written as a list, its elements'.
type position struct {
	line     int
	elements []int
}

// element is the line of element k.
func (p position) element(k int) int {
	if k < len(p.elements) {
		return p.elements[k]
	}
	return p.line
}

// evaluate runs a file, and gives the values of its variables and where they are.
func evaluate(file string, source []byte, l *Language) (starlark.StringDict, map[string]position, Errors) {
	if len(source) > MaxSize {
		return nil, nil, Errors{{File: file, Text: fmt.Sprintf("the file has %d bytes; a guest.cfg has at most %d", len(source), MaxSize)}}
	}
	tree, err := new(syntax.FileOptions).Parse(file, source, 0)
	if err != nil {
		return nil, nil, starlarkErrors(file, err)
	}
	errs := refuse(file, tree)
	if errs == nil && l.plain {
		errs = refuseComputing(file, tree)
	}
	if errs != nil {
		return nil, nil, errs
	}
	names := starlark.StringDict{"print": starlark.NewBuiltin("print", refusePrint)}
	maps.Copy(names, l.Functions)
	program, err := starlark.FileProgram(tree, names.Has)
	if err != nil {
		return nil, nil, starlarkErrors(file, err)
	}
	thread := &starlark.Thread{Name: file}
	thread.SetMaxExecutionSteps(maxSteps)
	values, err := program.Init(thread, names)
	if err != nil {
		return nil, nil, starlarkErrors(file, err)
	}
	return values, positions(tree), nil
}

func refusePrint(*starlark.Thread, *starlark.Builtin, starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	return nil, errors.New("a guest.cfg has nowhere to print to; remove the call")
}

// refuse finds what a file must not have before it runs. A number in it that is larger than any that a guest.cfg needs is a slip of the
// keyboard; 'x' * 1000000000 would be a gigabyte in one step.
func refuse(file string, tree *syntax.File) (errs Errors) {
	syntax.Walk(tree, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.LoadStmt:
			errs = append(errs, &Error{File: file, Line: int(n.Load.Line), Text: "a guest.cfg can't load other files; copy here what it needs"})
		case *syntax.Literal:
			if i, ok := n.Value.(int64); n.Token == syntax.INT && (!ok || i > MaxMemory) {
				errs = append(errs, &Error{File: file, Line: int(n.TokenPos.Line), Text: fmt.Sprintf("the number %s is too large; none is above %d", shorten(n.Raw), MaxMemory)})
			}
		}
		return true
	})
	return errs.sorted()
}

// refuseComputing finds what is more than an assignment of a text, a number or a list of texts to one variable.
func refuseComputing(file string, tree *syntax.File) (errs Errors) {
	for _, s := range tree.Stmts {
		assign, ok := s.(*syntax.AssignStmt)
		if ok {
			_, ok = assign.LHS.(*syntax.Ident)
			ok = ok && assign.Op == syntax.EQ && says(assign.RHS)
		}
		if !ok {
			start, _ := s.Span()
			errs = append(errs, &Error{File: file, Line: int(start.Line), Text: "the host takes values only, no program: write the text, the number or the list out; tuco create does it for you"})
		}
	}
	return errs
}

// says tells whether an expression is its own value.
func says(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.Literal:
		return true
	case *syntax.UnaryExpr: // -1 is judged with the others
		_, ok := e.X.(*syntax.Literal)
		return ok
	case *syntax.ListExpr:
		return !slices.ContainsFunc(e.List, func(e syntax.Expr) bool { _, ok := e.(*syntax.Literal); return !ok })
	}
	return false
}

// positions finds where variables get their values.
func positions(tree *syntax.File) map[string]position {
	found := map[string]position{}
	for _, s := range tree.Stmts {
		switch s := s.(type) {
		case *syntax.AssignStmt:
			for _, name := range targets(s.LHS) {
				p := position{line: int(s.OpPos.Line)}
				if list, ok := s.RHS.(*syntax.ListExpr); ok {
					for _, e := range list.List {
						start, _ := e.Span()
						p.elements = append(p.elements, int(start.Line))
					}
				}
				found[name] = p
			}
		case *syntax.DefStmt:
			found[s.Name.Name] = position{line: int(s.Def.Line)}
		}
	}
	return found
}

// targets are the variables on the left of an assignment.
func targets(e syntax.Expr) []string {
	switch e := e.(type) {
	case *syntax.Ident:
		return []string{e.Name}
	case *syntax.ParenExpr:
		return targets(e.X)
	case *syntax.TupleExpr:
		return targetsOf(e.List)
	case *syntax.ListExpr:
		return targetsOf(e.List)
	}
	return nil
}

func targetsOf(list []syntax.Expr) (names []string) {
	for _, e := range list {
		names = append(names, targets(e)...)
	}
	return names
}

// starlarkErrors says what Starlark says, with the lines.
func starlarkErrors(file string, err error) Errors {
	var parse syntax.Error
	var list resolve.ErrorList
	var eval *starlark.EvalError
	switch {
	case errors.As(err, &parse):
		return Errors{{File: file, Line: int(parse.Pos.Line), Text: "syntax: " + parse.Msg}}
	case errors.As(err, &list):
		var errs Errors
		for _, e := range list {
			errs = append(errs, &Error{File: file, Line: int(e.Pos.Line), Text: e.Msg})
		}
		return errs.sorted()
	case errors.As(err, &eval):
		line := 0
		for _, frame := range eval.CallStack { // the innermost that is in the file
			if frame.Pos.Filename() == file {
				line = int(frame.Pos.Line)
			}
		}
		return Errors{{File: file, Line: line, Text: evalText(eval)}}
	}
	return Errors{{File: file, Text: err.Error()}}
}

func evalText(e *starlark.EvalError) string {
	if e.Msg == tooMany {
		return fmt.Sprintf("the file computes for more than %d steps; write the values out", maxSteps)
	}
	return e.Msg
}

// tooMany is what Starlark says when the steps are used up.
const tooMany = "Starlark computation cancelled: too many steps"
