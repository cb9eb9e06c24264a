package reach

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Finding is one offence.
type Finding struct {
	Where string   // file:line, or an address
	Path  []string // from the entry to the offence; empty where no path leads there
	What  string
	Hint  string
}

// String spells a finding on two lines, the first as compilers do.
func (f Finding) String() string {
	s := f.Where + ": "
	if len(f.Path) > 0 {
		s += strings.Join(f.Path, " → ") + ": "
	}
	return s + f.What + "\n\t" + f.Hint
}

// perFunction is how many calls of one forbidden function are reported.
const perFunction = 10

// forbid notes a call of a forbidden function.
func (w *walker) forbid(r *rule, fn, parent int, site uint64) {
	name := w.name(fn)
	if r.hint == redirect && w.count[name] > 0 {
		return // all callers are innocent: one report says all
	}
	what := r.what
	if parent >= 0 && w.nodes[parent].fn >= 0 {
		if t := w.typeArgument(w.nodes[parent].fn, site); t != "" {
			what += " (" + t + ")"
		}
	}
	f := Finding{Where: w.where(parent, site), Path: append(w.path(parent), w.name(fn)), What: what, Hint: r.hint}
	if slices.ContainsFunc(w.findings, func(o Finding) bool { return o.Where == f.Where && o.What == f.What }) {
		return
	}
	if w.count[name]++; w.count[name] > perFunction {
		return
	}
	w.findings = append(w.findings, f)
}

// where tells the source line of a reference. A pointer in data has none: then the line is
// that of the code which refers to the data.
func (w *walker) where(n int, site uint64) string {
	for n >= 0 && w.nodes[n].fn < 0 {
		n, site = w.nodes[n].parent, w.nodes[n].site
	}
	return w.line(site)
}

// line gives the path of a file of the module relative to its root.
func (w *walker) line(pc uint64) string {
	return strings.TrimPrefix(w.im.Line(pc), w.cfg.Module+"/")
}

// ours says whether a function belongs to the module under check.
func (w *walker) ours(fn int) bool {
	f := w.im.funcs[fn]
	if p := packageOf(f.Name); p != "" {
		return w.inModule(p)
	}
	// File-local symbols of assembly have no package.
	return strings.HasPrefix(w.im.Line(f.Addr), w.cfg.Module+"/")
}

func (w *walker) inModule(path string) bool {
	return path == "main" || path == w.cfg.Module || strings.HasPrefix(path, w.cfg.Module+"/")
}

// checkBody looks at the instructions of a reachable function.
func (w *walker) checkBody(n int) {
	fn := w.nodes[n].fn
	vex := 0
	var firstVEX uint64
	for _, note := range w.body(fn).notes {
		switch note.mark {
		case markVEX:
			if vex++; vex == 1 {
				firstVEX = note.pc
			}
		case markSyscall:
			if !w.ours(fn) {
				w.add(n, note.pc, "this is a system call", "there is no system below the kernel: do not use what needs one")
			}
		case markUndecodable:
			f := w.im.funcs[fn]
			code := w.im.code(f)[note.pc-f.Addr:]
			w.add(n, note.pc, fmt.Sprintf("can't decode % x at offset %#x of the function", code[:min(len(code), 8)], note.pc-f.Addr),
				"data belongs in a DATA symbol; if this is an instruction, teach it to tools/rtcheck/reach/system.go")
		}
	}
	if vex > 0 && !w.cfg.OwnsVectors {
		hint := "write it with SSE2 or general registers"
		if !w.ours(fn) {
			hint = "redirect it to a version of the kernel's own, or do not use what calls it"
		}
		w.add(n, firstVEX, fmt.Sprintf("%d VEX-coded instructions; the kernel must leave AVX state alone", vex), hint)
	}
	w.checkRegisters(n)
}

func (w *walker) checkRegisters(n int) {
	fn := w.nodes[n].fn
	b := w.body(fn)
	if slices.ContainsFunc(w.cfg.XMMExcept, func(s string) bool { i, ok := w.im.lookup(s); return ok && i == fn }) {
		return
	}
	if b.regs&X87 != 0 && !w.cfg.OwnsVectors {
		w.add(n, b.regPC[X87], "this uses x87 or MMX registers", "they belong to the guest")
	}
	if w.cfg.XMM == nil {
		return
	}
	if extra := b.regs &^ X87 &^ *w.cfg.XMM; extra != 0 {
		var pc uint64
		extra.each(func(r Registers) {
			if pc == 0 || b.regPC[r] < pc {
				pc = b.regPC[r]
			}
		})
		w.add(n, pc, fmt.Sprintf("this uses %v, and only %v are saved when a guest exits", extra, *w.cfg.XMM),
			"no floating point; exchange or compare small structures field by field; in assembly, use the saved registers")
	}
}

func (w *walker) add(n int, pc uint64, what, hint string) {
	w.findings = append(w.findings, Finding{w.line(pc), w.path(n), what, hint})
}

// checkInit refuses package initialisation: nothing would run it.
func (w *walker) checkInit() {
	seen := map[string]bool{}
	offend := func(pkg, where string) {
		if !seen[pkg] {
			seen[pkg] = true
			w.findings = append(w.findings, Finding{Where: where,
				What: fmt.Sprintf("package %s needs initialisation when the program starts, and nobody does that in the kernel", pkg),
				Hint: "no func init; give package variables constant values; assert with const _ = and not var _ ="})
		}
	}
	for i, f := range w.im.funcs {
		p := packageOf(f.Name)
		rest := strings.TrimPrefix(f.Name, p+".")
		if w.ours(i) && (rest == "init" || strings.HasPrefix(rest, "init.") && strings.Trim(rest[5:], "0123456789") == "") {
			offend(p, w.firstLine(f))
		}
	}
	for _, o := range w.im.objects {
		if p, ok := strings.CutSuffix(o.name, "..inittask"); ok && w.inModule(p) {
			offend(p, p)
		}
	}
}

// firstLine finds the first line of a generated function that somebody wrote.
func (w *walker) firstLine(f Func) string {
	for pc := f.Addr; pc < f.End(); pc++ {
		if line := w.line(pc); !strings.HasPrefix(line, "<autogenerated>") {
			return line
		}
	}
	return f.Name
}

func (w *walker) result(patches []Patch) *Result {
	res := &Result{Patches: patches, w: w}
	for n := range w.nodes {
		if fn := w.nodes[n].fn; fn >= 0 {
			w.checkBody(n)
			res.Reachable = append(res.Reachable, w.im.funcs[fn])
			res.XMM |= w.body(fn).regs
		}
	}
	w.checkInit()
	slices.SortFunc(res.Reachable, func(a, b Func) int { return cmp.Compare(a.Addr, b.Addr) })
	res.Dead = w.dead(res.Reachable)
	res.Findings = w.findings
	for _, name := range slices.Sorted(maps.Keys(w.count)) {
		if more := w.count[name] - perFunction; more > 0 {
			res.Findings = append(res.Findings, Finding{Where: name, What: fmt.Sprintf("and %d more calls", more), Hint: "fix the ones above first"})
		}
	}
	return res
}

// dead is the text without the reachable functions and without the jumps of the patches.
func (w *walker) dead(reachable []Func) []Range {
	var live []Range
	for _, f := range reachable {
		live = append(live, Range{f.Addr, f.End()})
	}
	for from := range w.redirect {
		a := w.im.funcs[from].Addr
		live = append(live, Range{a, a + JumpSize})
	}
	slices.SortFunc(live, func(a, b Range) int { return cmp.Compare(a.Start, b.Start) })
	var dead []Range
	for _, s := range w.im.sections {
		if !s.text {
			continue
		}
		at := s.Start
		for _, l := range live {
			if l.End <= s.Start || l.Start >= s.End {
				continue
			}
			if l.Start > at {
				dead = append(dead, Range{at, l.Start})
			}
			at = max(at, l.End)
		}
		if at < s.End {
			dead = append(dead, Range{at, s.End})
		}
	}
	return dead
}

// Refers looks for a reference, from what is reachable, to an address in a range of data. It
// names what refers.
func (r *Result) Refers(to Range) (by string, found bool) {
	for _, n := range r.w.nodes {
		refs := r.w.im.pointers(n.object.Range)
		if n.fn >= 0 {
			refs = r.w.body(n.fn).refs
		}
		for _, ref := range refs {
			if to.Start <= ref.to && ref.to < to.End {
				return r.w.spell(n), true
			}
		}
	}
	return "", false
}

// Summary is one line for the build's log.
func (r *Result) Summary() string {
	var size uint64
	for _, f := range r.Reachable {
		size += f.Size
	}
	return fmt.Sprintf("rtcheck: %d functions reachable (%d KiB of text), XMM registers used: %v",
		len(r.Reachable), (size+1023)/1024, r.XMM)
}

// Why returns the path from an entry to a function, or nil if it is not reachable.
func (r *Result) Why(symbol string) []string {
	for _, name := range []string{symbol, symbol + ".abi0"} {
		if n, ok := r.w.ofFunc[r.w.im.indexOf(name)]; ok {
			return r.w.path(n)
		}
	}
	return nil
}
