package main

import (
	"fmt"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
)

// checker reads the import declarations of one module.
type checker struct {
	table    *table
	root     string // directory of go.mod
	module   string
	ignored  []string // folders that go.mod tells to ignore: "./out" at the root, "out" anywhere
	offences []string
	packages map[string]bool // packages seen, relative to the module; "." is its root
}

// check returns what breaks the table in the module at root, a line each, and the number of
// packages seen.
func check(root string, t *table) (offences []string, packages int, err error) {
	c := &checker{table: t, root: root, packages: map[string]bool{}}
	if c.module, c.ignored, err = goMod(filepath.Join(root, "go.mod")); err != nil {
		return nil, 0, err
	}
	if err := filepath.WalkDir(root, c.visit); err != nil {
		return nil, 0, err
	}
	slices.Sort(c.offences)
	return c.offences, len(c.packages), nil
}

func (c *checker) visit(file string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	name := d.Name()
	if d.IsDir() {
		if file == c.root {
			return nil
		}
		if name == "testdata" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
			return fs.SkipDir
		}
		if _, err := os.Stat(filepath.Join(file, "go.mod")); err == nil {
			return fs.SkipDir // another module
		}
		rel, err := filepath.Rel(c.root, file)
		if err != nil {
			return err
		}
		if slices.Contains(c.ignored, "./"+filepath.ToSlash(rel)) || slices.Contains(c.ignored, name) {
			return fs.SkipDir
		}
		return nil
	}
	if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") {
		return nil
	}
	return c.file(file)
}

// file checks the imports of one file, for whatever system it may be built.
func (c *checker) file(file string) error {
	rel, err := filepath.Rel(c.root, file)
	if err != nil {
		return err
	}
	rel = filepath.ToSlash(rel)
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, nil, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return err
	}
	for _, group := range f.Comments {
		for _, comment := range group.List {
			if comment.Pos() < f.Package && ignored(comment.Text) {
				return nil
			}
		}
	}
	pkg := path.Dir(rel)
	if first := !c.packages[pkg]; first {
		c.packages[pkg] = true
		c.known(pkg, rel)
	}
	for _, spec := range f.Imports {
		target, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		if offence := c.judge(pkg, rel, target); offence != "" {
			line := fset.Position(spec.Pos()).Line
			c.offences = append(c.offences, fmt.Sprintf("%s:%d: %s", rel, line, offence))
		}
	}
	return nil
}

// ignored says whether a comment is a build constraint that no build satisfies.
func ignored(comment string) bool {
	expr, err := constraint.Parse(comment)
	return err == nil && !expr.Eval(func(tag string) bool { return tag != "ignore" })
}

// known refuses packages that the table forgot.
func (c *checker) known(pkg, file string) {
	t := c.table
	_, onRung := t.rung[pkg]
	_, inPart := t.partOf(pkg)
	bare := slices.ContainsFunc(t.freestanding, func(tree string) bool { return within(pkg, tree) })
	switch {
	case onRung, inPart && !bare:
	case bare:
		c.offences = append(c.offences, fmt.Sprintf("%s:1: package %s stands on no rung: give it one in %s, above all that it imports", file, pkg, t.name))
	default:
		c.offences = append(c.offences, fmt.Sprintf("%s:1: package %s is in no part of the house: add it to %s", file, pkg, t.name))
	}
}

// judge says what is wrong with an import, or nothing.
func (c *checker) judge(pkg, file, target string) string {
	t := c.table
	ours, isOurs := c.relative(target)
	if rung, ok := t.rung[pkg]; ok {
		if !isOurs {
			return c.judgeForeign(pkg, file, target)
		}
		below, known := t.rung[ours]
		switch {
		case !known:
			return fmt.Sprintf("%s (rung %d) imports %s, which stands on no rung: kernel packages import kernel packages only", pkg, rung, ours)
		case below >= rung:
			return fmt.Sprintf("%s (rung %d) imports %s (rung %d): an import goes to a lower rung; take what is needed as an argument, or move one of the two in %s", pkg, rung, ours, below, t.name)
		}
		return ""
	}
	part, ok := t.partOf(pkg)
	if !ok || !isOurs || part.allows(ours) {
		return ""
	}
	return fmt.Sprintf("%s (part %s) imports %s: it may import %s; if it must, say so in %s", pkg, part.tree, ours, part.spell(), t.name)
}

// judgeForeign is about imports from elsewhere by packages on rungs.
func (c *checker) judgeForeign(pkg, file, target string) string {
	t := c.table
	first, _, _ := strings.Cut(target, "/")
	switch {
	case strings.Contains(first, "."):
		return fmt.Sprintf("%s (rung %d) imports the module %s: the kernel takes no code from modules", pkg, t.rung[pkg], target)
	case !slices.Contains(t.std, target):
		return fmt.Sprintf("%s (rung %d) imports %s: of the standard library it may import %s; the rest needs a heap or initialisation", pkg, t.rung[pkg], target, strings.Join(t.std, ", "))
	case target == "unsafe" && !t.mayUseUnsafe(file):
		return fmt.Sprintf("%s imports unsafe and is not listed for it in %s: do it in a listed file, or list this one if there is no other way", file, t.name)
	}
	return ""
}

func (p part) spell() string {
	if len(p.imports) == 0 {
		return "nothing of ours but itself"
	}
	return "of ours only itself, " + strings.Join(p.imports, ", ")
}

// relative gives the path of a package of ours below the module.
func (c *checker) relative(target string) (string, bool) {
	if target == c.module {
		return ".", true
	}
	return strings.CutPrefix(target, c.module+"/")
}

// goMod gives what go.mod says of its module: the path, and the folders in which ./... does not look.
func goMod(file string) (path string, ignored []string, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", nil, err
	}
	mod, err := modfile.Parse(file, text, nil)
	if err != nil {
		return "", nil, err
	}
	if mod.Module == nil {
		return "", nil, fmt.Errorf("%s: no module line", file)
	}
	for _, i := range mod.Ignore {
		ignored = append(ignored, i.Path)
	}
	return mod.Module.Mod.Path, ignored, nil
}
