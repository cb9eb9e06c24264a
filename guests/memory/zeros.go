package main

import (
	"fmt"

	"tuco/guestlib"
)

// untouched is a variable as large as those that some packages have for the rare case.
var untouched [32 << 20]byte

// zeros touches some of a large variable, and looks whether pages were made for that much and no more.
func zeros() error {
	const step = 2 << 20
	_, before := guestlib.Memory()
	for at := 0; at < len(untouched); at += step {
		if untouched[at] != 0 || untouched[at+step-1] != 0 {
			return fmt.Errorf("byte %#x is not zero", at)
		}
		untouched[at] = 1
	}
	pages, after := guestlib.Memory()
	fmt.Printf("memory: %d pages, free before a byte of each 2 MiB of %d is written: %d, and after: %d\n", pages, len(untouched)>>20, before, after)
	const all, touched, tables = len(untouched) / 4096, 2 * len(untouched) / step, len(untouched) / step
	switch used := int(before) - int(after); {
	case int(pages-before) > all:
		return fmt.Errorf("%d pages are in use: those of the variable too", pages-before)
	case used < touched || used > 8*touched+tables+16: // a fault may map pages nearby
		return fmt.Errorf("%d pages were made", used)
	}
	return nil
}
