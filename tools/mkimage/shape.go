package main

import (
	"debug/dwarf"
	"fmt"
)

// shape is where somebody expects the fields of a type of the runtime's.
type shape struct {
	name   string
	user   string // whose code has these numbers in it
	fields map[string]int64
}

// wantShapes are the types that the kernel and this program know by heart.
var wantShapes = []shape{
	{"runtime.g", "percpu.G", map[string]int64{"stack": 0, "stackguard0": 16, "stackguard1": 24, "m": 48}},
	{"runtime.moduledata", "kernel/symtab and functab.go", map[string]int64{
		"pcHeader": modHeader, "funcnametab": modNames, "cutab": modUnits, "filetab": modFiles, "pctab": modPC,
		"pclntable": modFuncs, "ftab": modIndex, "findfunctab": modBuckets, "minpc": modMinPC, "maxpc": modMinPC + 8,
		"text": modText, "gofunc": modTrees, "typelinks": modTypeLinks, "itablinks": modItabLinks}},
	{"runtime.pcHeader", "functab.go", map[string]int64{"nfunc": headFuncs, "nfiles": headFiles,
		"funcnameOffset": headNames, "pclnOffset": headNames + 4*8}},
	{"runtime._func", "kernel/symtab and functab.go", map[string]int64{"entryOff": 0, "nameOff": 4, "pcsp": 16,
		"pcfile": 20, "pcln": 24, "npcdata": 28, "cuOffset": 32, "nfuncdata": recordSize - 1}},
	{"runtime.inlinedCall", "kernel/symtab and functab.go", map[string]int64{"nameOff": callName, "parentPc": callName + 4,
		"startLine": callSize - 4}},
}

// checkShapes compares the types, as the debug information tells them, with what is wanted.
func (img *image) checkShapes() error {
	for _, s := range wantShapes {
		fields, err := img.fieldsOf(s.name)
		if err != nil {
			return err
		}
		for name, want := range s.fields {
			got, ok := fields[name]
			if !ok {
				return fmt.Errorf("this Go release's %s has no field %s: adapt %s and this check", s.name, name, s.user)
			}
			if got != want {
				return fmt.Errorf("this Go release has %s.%s at offset %d, not %d: adapt %s and this check",
					s.name, name, got, want, s.user)
			}
		}
	}
	return nil
}

// fieldsOf gives the offsets of a structure's fields.
func (img *image) fieldsOf(name string) (map[string]int64, error) {
	r := img.dwarf.Reader()
	for {
		e, err := r.Next()
		if err != nil {
			return nil, err
		}
		if e == nil {
			return nil, fmt.Errorf("%s: no type %s in the debug information", img.path, name)
		}
		if e.Tag != dwarf.TagStructType || e.Val(dwarf.AttrName) != name {
			continue
		}
		fields := map[string]int64{}
		for {
			field, err := r.Next()
			if err != nil {
				return nil, err
			}
			if field == nil || field.Tag == 0 {
				return fields, nil
			}
			if name, ok := field.Val(dwarf.AttrName).(string); ok {
				fields[name], _ = field.Val(dwarf.AttrDataMemberLoc).(int64)
			}
		}
	}
}
