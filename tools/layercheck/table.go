package main

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// table is layers.txt, read.
type table struct {
	name         string
	rung         map[string]int // package → its rung, from 0
	freestanding []string       // trees whose packages must stand on a rung
	std          []string       // what packages on rungs may import from std
	parts        []part
	unsafe       []string // patterns of files
}

// part is a tree of packages with the list of what it may import of ours.
type part struct {
	tree    string
	imports []string
}

// readTable reads the table; name is for messages.
func readTable(name, text string) (*table, error) {
	t := &table{name: name, rung: map[string]int{}}
	rungs := 0
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		keyword, words := words[0], words[1:]
		fail := func(format string, args ...any) (*table, error) {
			return nil, fmt.Errorf("%s:%d: %s", name, i+1, fmt.Sprintf(format, args...))
		}
		if len(words) == 0 {
			return fail("nothing follows %s", keyword)
		}
		switch keyword {
		case "freestanding":
			t.freestanding = append(t.freestanding, words...)
		case "rung":
			for _, pkg := range words {
				if r, twice := t.rung[pkg]; twice {
					return fail("%s stands on rung %d already", pkg, r)
				}
				t.rung[pkg] = rungs
			}
			rungs++
		case "std":
			t.std = append(t.std, words...)
		case "part":
			tree, ok := strings.CutSuffix(words[0], ":")
			if !ok {
				return fail("want part TREE: PACKAGE ...")
			}
			t.parts = append(t.parts, part{tree, words[1:]})
		case "unsafe":
			for _, pattern := range words {
				if _, err := path.Match(pattern, ""); err != nil {
					return fail("%s: %v", pattern, err)
				}
			}
			t.unsafe = append(t.unsafe, words...)
		default:
			return fail("unknown keyword %s", keyword)
		}
	}
	return t, nil
}

// mayUseUnsafe says whether a file on a rung is listed.
func (t *table) mayUseUnsafe(file string) bool {
	return slices.ContainsFunc(t.unsafe, func(pattern string) bool {
		ok, _ := path.Match(pattern, file)
		return ok
	})
}

// partOf returns the part that holds a package.
func (t *table) partOf(pkg string) (part, bool) {
	for _, p := range t.parts {
		if within(pkg, p.tree) {
			return p, true
		}
	}
	return part{}, false
}

// allows says whether the part may import a package of ours.
func (p part) allows(pkg string) bool {
	return within(pkg, p.tree) || slices.ContainsFunc(p.imports, func(allowed string) bool {
		if tree, ok := strings.CutSuffix(allowed, "/..."); ok {
			return within(pkg, tree)
		}
		return pkg == allowed
	})
}

// within says whether a package is the root of a tree or stands in it.
func within(pkg, tree string) bool {
	return pkg == tree || strings.HasPrefix(pkg, tree+"/")
}
