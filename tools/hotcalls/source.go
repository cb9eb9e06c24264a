package main

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"path/filepath"
)

// source is the kernel's sources, as far as they were looked at.
type source struct {
	root     string
	packages map[string]functions
}

// functions are those of a package, by name: f, T.f, or (*T).f.
type functions map[string]function

type function struct {
	set  *token.FileSet
	decl *ast.FuncDecl
}

// A site is where in the first function of a chain a call stands, after those before it in the chain were
// inlined: lines from the function's first, as the compiler counts them, for which an
// inlined call keeps the line that it has in its own file. So the number means something
// to the compiler only, and may be below zero.
type site struct {
	callee string
	line   int
}

// find is the sites of a chain.
func (s *source) find(c chain) (sites []site, err error) {
	first, err := s.function(c.at, c.functions[0])
	if err != nil {
		return nil, err
	}
	caller := first
	for i, name := range c.functions[1:] {
		callee, err := s.function(c.at, name)
		if err != nil {
			return nil, err
		}
		if isGeneric(callee.decl) {
			return nil, wrong(c.at, "%s is generic: the compiler finds no such function in a profile; remove the line", name)
		}
		before := len(sites)
		ast.Inspect(caller.decl, func(n ast.Node) bool {
			if e, ok := n.(*ast.CallExpr); ok && called(e) == callee.decl.Name.Name {
				sites = append(sites, site{name, caller.line(e) - first.line(first.decl)})
			}
			return true
		})
		if len(sites) == before {
			return nil, wrong(c.at, "%s does not call %s; remove the line, or name the function that does", c.functions[i], name)
		}
		caller = callee
	}
	return sites, nil
}

func (f *function) line(n ast.Node) int { return f.set.Position(n.Pos()).Line }

// called is the name of the function that is called, without what it is of.
func called(e *ast.CallExpr) string {
	switch f := e.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

// function is the function of that name, as the list has it.
func (s *source) function(at, name string) (function, error) {
	pkg, in, ok := split(name)
	if !ok {
		return function{}, wrong(at, "%q is no function; write one like mm.(*Domain).enter, with its package below kernel/", name)
	}
	all, err := s.load(pkg)
	if err != nil {
		return function{}, wrong(at, "%s: %v", name, err)
	}
	f, ok := all[in]
	if !ok {
		return function{}, wrong(at, "there is no function %s; write its new name, or remove the line", name)
	}
	return f, nil
}

// load reads a package, once.
func (s *source) load(pkg string) (functions, error) {
	if all, ok := s.packages[pkg]; ok {
		return all, nil
	}
	context := build.Default
	context.GOOS, context.GOARCH = "linux", "amd64"
	dir := filepath.Join(s.root, "kernel", pkg)
	p, err := context.ImportDir(dir, 0)
	if err != nil {
		return nil, err
	}
	all, set := functions{}, token.NewFileSet()
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(set, filepath.Join(dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok {
				all[nameOf(d)] = function{set, d}
			}
		}
	}
	s.packages[pkg] = all
	return all, nil
}

// nameOf is a function's name in its package.
func nameOf(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	switch t := d.Recv.List[0].Type.(type) {
	case *ast.StarExpr:
		return "(*" + typeName(t.X) + ")." + d.Name.Name
	default:
		return typeName(t) + "." + d.Name.Name
	}
}

func typeName(e ast.Expr) string {
	switch t := e.(type) {
	case *ast.Ident:
		return t.Name
	case *ast.IndexExpr:
		return typeName(t.X)
	case *ast.IndexListExpr:
		return typeName(t.X)
	}
	return ""
}

// isGeneric tells whether a function has type parameters, or is a method of a type that has.
func isGeneric(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return d.Type.TypeParams != nil
	}
	t := d.Recv.List[0].Type
	if star, ok := t.(*ast.StarExpr); ok {
		t = star.X
	}
	_, plain := t.(*ast.Ident)
	return !plain
}
