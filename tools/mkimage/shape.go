package main

import (
	"debug/dwarf"
	"fmt"
)

// wantG is where kernel/percpu.G has the fields that compiled code uses.
var wantG = map[string]int64{"stack": 0, "stackguard0": 16, "stackguard1": 24, "m": 48}

// checkG compares the runtime's g, as its debug information tells it, with wantG.
func (img *image) checkG() error {
	found := 0
	r := img.dwarf.Reader()
	for {
		e, err := r.Next()
		if err != nil {
			return err
		}
		if e == nil {
			return fmt.Errorf("%s: no type runtime.g in the debug information", img.path)
		}
		if e.Tag != dwarf.TagStructType || e.Val(dwarf.AttrName) != "runtime.g" {
			continue
		}
		for {
			field, err := r.Next()
			if err != nil {
				return err
			}
			if field == nil || field.Tag == 0 {
				break
			}
			name, _ := field.Val(dwarf.AttrName).(string)
			want, checked := wantG[name]
			if !checked {
				continue
			}
			if got, _ := field.Val(dwarf.AttrDataMemberLoc).(int64); got != want {
				return fmt.Errorf("this Go release has g.%s at offset %d, kernel/percpu has it at %d: adapt percpu.G and this check", name, got, want)
			}
			found++
		}
		if found != len(wantG) {
			return fmt.Errorf("this Go release's g lacks a field of %v: adapt percpu.G and this check", wantG)
		}
		return nil
	}
}
