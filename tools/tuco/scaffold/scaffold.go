package scaffold

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// ErrBadArgument marks an error that the caller's user can mend.
var ErrBadArgument = errors.New("bad argument")

// Guest is a module to make.
type Guest struct {
	Name   string
	Dir    string // what must not be there yet
	Source string // this project's source tree
	Tool   string // the command that builds guests
}

//go:embed guest
var files embed.FS

// names are what guests may be called: a directory, a part of a module's path, and a command.
var names = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// Make makes the module.
func (g *Guest) Make() error {
	if !names.MatchString(g.Name) {
		return fmt.Errorf("%w: %q can't be a guest's name: want up to 40 small letters, digits, - and _, the first a letter", ErrBadArgument, g.Name)
	}
	source, err := filepath.Abs(g.Source)
	if err != nil {
		return err
	}
	goMod, err := g.goMod(source)
	if err != nil {
		return err
	}
	sums, err := os.ReadFile(filepath.Join(source, "go.sum"))
	if err != nil {
		return err
	}
	if err := os.Mkdir(g.Dir, 0o755); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %s is there already: choose another name, or remove it", ErrBadArgument, g.Dir)
	} else if err != nil {
		return fmt.Errorf("%w: %w", ErrBadArgument, err)
	}
	contents := map[string][]byte{"go.mod": goMod, "go.sum": sums}
	fill := *g
	fill.Source = source
	templates, err := template.ParseFS(files, "guest/*.txt")
	if err != nil {
		return err
	}
	for _, t := range templates.Templates() {
		var text strings.Builder
		if err := t.Execute(&text, fill); err != nil {
			return err
		}
		contents[strings.TrimSuffix(t.Name(), ".txt")] = []byte(text.String())
	}
	for name, content := range contents {
		if err := os.WriteFile(filepath.Join(g.Dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// library is the module that guests import.
const library = "tuco"

// goMod is the new module's go.mod: that of the source tree, seen from outside.
func (g *Guest) goMod(source string) ([]byte, error) {
	path := filepath.Join(source, "go.mod")
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the source tree that guests are built with: %w", err)
	}
	ours, err := modfile.Parse(path, text, nil)
	if err != nil {
		return nil, err
	}
	if ours.Module == nil || ours.Module.Mod.Path != library {
		return nil, fmt.Errorf("%s is not the go.mod of module %s: is the tool where make puts it?", path, library)
	}
	var m modfile.File
	err = errors.Join(m.AddModuleStmt("example.com/"+g.Name), m.AddGoStmt(ours.Go.Version), m.AddReplace(library, "", source, ""))
	if err != nil {
		return nil, err
	}
	requires := []*modfile.Require{{Mod: module.Version{Path: library, Version: "v0.0.0"}}}
	for _, r := range ours.Require {
		requires = append(requires, &modfile.Require{Mod: r.Mod, Indirect: true})
	}
	m.SetRequireSeparateIndirect(requires)
	return m.Format()
}
