// Command mkbundle makes a boot bundle.
//
//	mkbundle [-force] -o FILE PATH…
//
// A PATH is a file, or a directory whose contents are taken. One file must be
// boot.cfg. A bundle that the hypervisor would refuse is not written, unless
// -force says so.
package main

import (
	"flag"
	"fmt"
	"os"

	"tuco/tools/mkbundle"
)

func main() {
	out := flag.String("o", "", "write the bundle to `FILE`")
	force := flag.Bool("force", false, "write it even if the hypervisor would refuse it")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: mkbundle [-force] -o FILE PATH…")
		flag.PrintDefaults()
	}
	flag.Parse()
	if *out == "" || flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*out, *force, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mkbundle:", err)
		os.Exit(1)
	}
}

func run(out string, force bool, paths []string) error {
	files, err := mkbundle.Read(paths...)
	if err != nil {
		return err
	}
	archive, err := mkbundle.Bytes(files)
	if err != nil {
		return err
	}
	if err := mkbundle.Check(archive); err != nil && !force {
		return err
	}
	return os.WriteFile(out, archive, 0o644)
}
