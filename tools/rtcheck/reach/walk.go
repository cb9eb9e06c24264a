package reach

import (
	"fmt"
	"slices"
	"strings"
)

// Config tells Walk where to begin and what to allow.
type Config struct {
	// Entries are function symbols. The address in the ELF header is always an entry.
	Entries []string
	// Redirects are patched by the image builder. A From that the image does not hold is
	// ignored, as the linker drops what nobody calls; a To must be there.
	Redirects []Redirect
	// Allow names functions that may call what forbid.go forbids, to test what happens
	// then. The walk goes on in what they call, where all further forbidden functions
	// have to be redirected.
	Allow []string
	// Module is the path of the module under check.
	Module string
	// XMM is the set of vector registers that reachable code may name; nil allows all.
	XMM *Registers
	// XMMExcept names functions which may use any vector register: those whose task it
	// is to save and load them.
	XMMExcept []string
	// OwnsVectors says that vector and x87 state belong to the program, as in a guest: it may
	// use all of it, by VEX-coded instructions too.
	OwnsVectors bool
}

// Result is what Walk found.
type Result struct {
	Reachable []Func  // by address; of redirected functions only the target
	Dead      []Range // text which is never executed, by address
	Patches   []Patch
	XMM       Registers // named in reachable code
	Findings  []Finding // offences; empty if the image is clean

	w *walker
}

// node is a function or a data object on the way from an entry.
type node struct {
	fn     int // index in Image.funcs, or -1 for an object
	object object
	parent int    // index of the node that refers to this one, or -1
	site   uint64 // address of the reference in the parent
	via    string // name of the redirected function that led here, if one did
}

type walker struct {
	im       *Image
	cfg      Config
	rules    forbidden
	bodies   []*body      // by function
	redirect map[int]int  // from function to function
	allow    map[int]bool // functions that may call forbidden ones
	pardoned map[int]bool // forbidden functions called by those

	nodes  []node
	ofFunc map[int]int    // function → node
	ofData map[uint64]int // object's start → node

	findings []Finding
	count    map[string]int // findings by forbidden function
}

// Walk finds what is reachable in the image and checks it. The error is about the
// configuration; offences of the image are in Result.Findings.
func Walk(im *Image, cfg Config) (*Result, error) {
	w := &walker{
		im: im, cfg: cfg, rules: compileRules(), bodies: make([]*body, len(im.funcs)),
		redirect: map[int]int{}, allow: map[int]bool{}, pardoned: map[int]bool{},
		ofFunc: map[int]int{}, ofData: map[uint64]int{}, count: map[string]int{},
	}
	var patches []Patch
	for _, r := range cfg.Redirects {
		to, ok := im.lookup(r.To)
		if !ok {
			return nil, fmt.Errorf("redirect of %s: the image has no function %s (the linker drops a function that no reachable code refers to)", r.From, r.To)
		}
		if from, ok := im.lookup(r.From); ok {
			w.redirect[from] = to
			patches = append(patches, Patch{im.funcs[from], im.funcs[to]})
		}
	}
	for _, name := range cfg.Allow {
		if i, ok := im.lookup(name); ok {
			w.allow[i] = true
		}
	}
	entries, err := w.entries()
	if err != nil {
		return nil, err
	}
	for _, i := range entries {
		w.reachFunc(i, -1, 0)
	}
	for n := 0; n < len(w.nodes); n++ {
		w.follow(n)
	}
	return w.result(patches), nil
}

func (w *walker) entries() ([]int, error) {
	var entries []int
	if i, ok := w.im.funcAt(w.im.Entry); ok {
		entries = append(entries, i)
	}
	for _, name := range w.cfg.Entries {
		i, ok := w.im.lookup(name)
		if !ok {
			return nil, fmt.Errorf("the image has no entry function %s", name)
		}
		entries = append(entries, i)
	}
	if len(entries) == 0 {
		return nil, fmt.Errorf("no entry: the ELF header's entry %#x is in no function", w.im.Entry)
	}
	return entries, nil
}

// body decodes a function when it is first needed.
func (w *walker) body(fn int) *body {
	if w.bodies[fn] == nil {
		w.bodies[fn] = scan(w.im, w.im.funcs[fn])
	}
	return w.bodies[fn]
}

// follow takes one node's references.
func (w *walker) follow(n int) {
	node := w.nodes[n]
	refs := w.im.pointers(node.object.Range)
	if node.fn >= 0 {
		refs = w.body(node.fn).refs
	}
	for _, r := range refs {
		if i, ok := w.im.funcAt(r.to); ok {
			// A data word that points into a function is in its jump table.
			if node.fn >= 0 || w.im.funcs[i].Addr == r.to {
				w.reachFunc(i, n, r.from)
			}
			continue
		}
		if o, ok := w.im.objectAt(r.to); ok && !o.leaf() {
			if _, seen := w.ofData[o.Start]; !seen {
				w.ofData[o.Start] = len(w.nodes)
				w.nodes = append(w.nodes, nodeOf(o, n, r.from))
			}
		}
	}
}

func nodeOf(o object, parent int, site uint64) node {
	return node{fn: -1, object: o, parent: parent, site: site}
}

// reachFunc adds a function, or what it is redirected to, unless it is forbidden.
func (w *walker) reachFunc(i, parent int, site uint64) {
	target, redirected := w.redirect[i]
	if rule := w.rules.match(w.im.funcs[i].Name); rule != nil {
		caller := -1
		if parent >= 0 {
			caller = w.nodes[parent].fn
		}
		switch {
		case redirected && (rule.handled || w.allow[caller] || w.pardoned[caller]):
		case w.allow[caller]:
			w.pardoned[i] = true // but what it calls has to be redirected
		default:
			w.forbid(rule, i, parent, site)
			return
		}
	}
	n := node{fn: i, parent: parent, site: site}
	if redirected {
		n.fn, n.via = target, w.name(i)
	}
	if _, seen := w.ofFunc[n.fn]; !seen {
		w.ofFunc[n.fn] = len(w.nodes)
		w.nodes = append(w.nodes, n)
	}
}

// path spells the way from the entry to a node.
func (w *walker) path(n int) []string {
	var names []string
	for ; n >= 0; n = w.nodes[n].parent {
		// An assembly function and its Go wrapper have the same name: once is enough.
		if s := w.spell(w.nodes[n]); len(names) == 0 || names[len(names)-1] != s {
			names = append(names, s)
		}
	}
	slices.Reverse(names)
	return names
}

func (w *walker) spell(n node) string {
	switch {
	case n.via != "":
		return fmt.Sprintf("%s (redirected to %s)", n.via, w.name(n.fn))
	case n.fn >= 0:
		return w.name(n.fn)
	case n.object.name == "":
		return fmt.Sprintf("nameless data at %#x", n.object.Start)
	case n.object.name == funcValues:
		return "func value"
	}
	return "data " + n.object.name
}

func (w *walker) name(fn int) string {
	return strings.TrimSuffix(w.im.funcs[fn].Name, ".abi0")
}
