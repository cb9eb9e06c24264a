// Command mkimage turns the Go linker's output into an object file that
// linker.ld can lay out beside the boot code.
//
//	mkimage -in kernel.elf -redirects FILE -entry main.entry -parts N -out kernel.o
//
// The Go linker knows neither program headers of one's own nor load addresses,
// and GNU ld cannot take the Go packages unlinked without their C runtime. So
// Go links first, at the final virtual addresses, and mkimage makes of its
// segments sections that need no relocation any more:
//
//	.go.text.0 …  .go.rodata  .go.data (and .go.bss)
//
// with the symbols and the debug information kept. On the way it checks that
// types of the runtime have the shapes that the kernel assumes, and redirects
// functions of the runtime that need a started runtime to the kernel's own, by
// a jump at their first byte. What nothing reaches is most of such a program: its
// text is blanked or, where it fills pages, left out; its tables are dropped.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	in := flag.String("in", "", "the Go linker's `file`")
	out := flag.String("out", "", "the object `file` to write")
	redirects := flag.String("redirects", "", "the `file` that lists FROM TO pairs of functions")
	entry := flag.String("entry", "main.entry", "the `symbol` that the boot code jumps to")
	parts := flag.Int("parts", 1, "how many `parts` to cut the text into, leaving out pages that nothing reaches")
	allow := flag.String("allow", "", "the `symbol` of a function that tools/rtcheck was told to allow")
	flag.Parse()
	if *in == "" || *out == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*in, *out, *redirects, *allow, *entry, *parts); err != nil {
		fmt.Fprintln(os.Stderr, "mkimage:", err)
		os.Exit(1)
	}
}

func run(in, out, redirects, allow, entry string, parts int) error {
	img, err := load(in)
	if err != nil {
		return err
	}
	if err := img.checkShapes(); err != nil {
		return err
	}
	if redirects != "" {
		result, err := img.reachable(redirects, allow)
		if err != nil {
			return err
		}
		img.redirect(result)
		if err := img.trim(result); err != nil {
			return err
		}
		if err := img.split(result.Dead, parts); err != nil {
			return err
		}
	}
	obj, err := img.object(entry)
	if err != nil {
		return err
	}
	return os.WriteFile(out, obj, 0o644)
}
