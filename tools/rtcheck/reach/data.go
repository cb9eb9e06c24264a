package reach

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// object is a data symbol. Groups, which the linker makes one symbol without a size of
// (type:*, go:string.* …), reach up to the next symbol.
type object struct {
	name string
	Range
}

// leafSections hold what the runtime reads as data, never what it calls through.
var leafSections = map[string]bool{
	".gopclntab": true, ".typelink": true, ".itablink": true,
	".go.buildinfo": true, ".go.fipsinfo": true,
	// runtime.firstmoduledata points to everything there is, the kernel's own symboliser
	// reads it.
	".go.module": true,
}

// leafGroups are groups whose pointers are not followed. Type descriptors point to
// comparison functions and methods, but nothing calls those without comparing or asserting
// interface values, hashing, or reflection, all of which forbid.go forbids.
var leafGroups = []string{"type:*", "go:string.*", "runtime.gcbits.*", "go:func.*"}

// funcValues is the group of static function values: words that point to a function each.
const funcValues = "go:funcdesc"

// group says that an object is a group without a size.
func (o object) group() bool {
	return o.Start == o.End && (o.name == funcValues || slices.Contains(leafGroups, o.name))
}

// leaf says that the pointers in an object are not followed.
func (o object) leaf() bool {
	if slices.Contains(leafGroups, o.name) {
		return true
	}
	// The runtime's errors are values for panics. Their method Error concatenates strings,
	// but only a recovering function could call it, and there is none.
	itab, ok := strings.CutPrefix(o.name, "go:itab.")
	return ok && strings.HasPrefix(strings.TrimPrefix(itab, "*"), "runtime.") && strings.HasSuffix(itab, ",error")
}

// objectAt returns the data object that holds addr. Where the symbol table names none
// (the contents of slice literals, jump tables, string headers), nothing tells where it
// ends: all up to the next symbol is taken.
func (im *Image) objectAt(addr uint64) (object, bool) {
	sec := im.section(addr)
	if sec == nil || sec.text || sec.data == nil || leafSections[sec.name] {
		return object{}, false // .bss holds nothing yet
	}
	i, found := slices.BinarySearchFunc(im.objects, addr, func(o object, a uint64) int { return cmp.Compare(o.Start, a) })
	if !found {
		i--
	}
	before := object{Range: Range{sec.Start, sec.Start}}
	if i >= 0 && im.objects[i].Start >= sec.Start {
		before = im.objects[i]
	}
	next := object{Range: Range{sec.End, sec.End}}
	if i+1 < len(im.objects) && im.objects[i+1].Start < sec.End {
		next = im.objects[i+1]
	}
	switch {
	case addr < before.End:
		return before, true
	case before.name == funcValues:
		return object{funcValues, Range{addr &^ 7, addr&^7 + 8}}, true
	case before.group():
		return object{before.name, Range{before.Start, next.Start}}, true
	}
	return object{"", Range{addr, next.Start}}, true
}

// pointers returns the aligned words of a range which point into the image.
func (im *Image) pointers(r Range) []ref {
	s := im.section(r.Start)
	if s == nil || s.data == nil {
		return nil
	}
	low, high := im.sections[0].Start, im.sections[len(im.sections)-1].End
	var refs []ref
	end := min(r.End, s.Start+uint64(len(s.data)))
	for at := (r.Start + 7) &^ 7; at+8 <= end; at += 8 {
		to := binary.LittleEndian.Uint64(s.data[at-s.Start:])
		if low <= to && to < high && im.section(to) != nil {
			refs = append(refs, ref{at, to})
		}
	}
	return refs
}
