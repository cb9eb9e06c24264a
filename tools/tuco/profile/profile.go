package profile

import (
	"cmp"
	"slices"
)

// Symbols find the function that an address lies in, and the address of a function's start.
type Symbols interface {
	Function(address uint64) (name string, start uint64, ok bool)
	Address(function string) (address uint64, ok bool)
}

// A Part is one of the programs of a run.
type Part struct {
	Name    string
	Symbols Symbols
}

// A Line is what one function executed.
type Line struct {
	Part         string
	Function     string // the part of the address space, where no part's symbols have a name
	Instructions uint64
	Calls        uint64 // how often it began; 0 where that is not known
}

// A Profile is where instructions went.
type Profile struct {
	Lines        []Line // by their instructions, most first
	Instructions uint64 // all
}

// New adds blocks up. The first of the parts that knows an address has it.
func New(blocks []Block, parts ...Part) *Profile {
	type key struct{ part, function string }
	lines := map[key]*Line{}
	p := &Profile{}
	for _, b := range blocks {
		if b.Count == 0 {
			continue
		}
		part, name, start := find(b.Address, parts)
		line := lines[key{part, name}]
		if line == nil {
			line = &Line{Part: part, Function: name}
			lines[key{part, name}] = line
		}
		n := b.Count * b.Instructions
		line.Instructions += n
		p.Instructions += n
		if b.Address == start {
			line.Calls += b.Count
		}
	}
	for _, line := range lines {
		p.Lines = append(p.Lines, *line)
	}
	slices.SortFunc(p.Lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(b.Instructions, a.Instructions), cmp.Compare(a.Part, b.Part), cmp.Compare(a.Function, b.Function))
	})
	return p
}

// find names the function at an address. No function starts at nowhere.
func find(address uint64, parts []Part) (part, function string, start uint64) {
	for _, p := range parts {
		if name, start, ok := p.Symbols.Function(address); ok {
			return p.Name, name, start
		}
	}
	for _, a := range areas {
		if address >= a.from {
			return a.part, a.name, nowhere
		}
	}
	panic("an address below 0")
}

const nowhere = ^uint64(0)

// areas are parts of the address space, from the top: what is known of code without symbols. Public header
// arch-x86/xen-x86_64.h: slots 256 to 271 of a guest's tables are the hypervisor's.
var areas = []struct {
	from       uint64
	part, name string
}{
	{0xffff_8800_0000_0000, "guest", "(kernel)"},
	{0xffff_8000_0000_0000, "hypervisor", "(in the guest's address space)"},
	{0x10_0000, "guest", "(user)"},
	{0, "firmware", "(below 1 MiB)"},
}

// Calls is how often a function of a part began.
func (p *Profile) Calls(part, function string) uint64 {
	for _, line := range p.Lines {
		if line.Part == part && line.Function == function {
			return line.Calls
		}
	}
	return 0
}
