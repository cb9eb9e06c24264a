// Command layercheck keeps the house in order: it reads the imports of all packages of the
// module and fails where one breaks the table layers.txt, which says who may import whom.
//
// Usage:
//
//	layercheck [-table FILE] [DIR]
//
// DIR is the root of the module, by default the current directory. It exits with 0 if all is
// in order, 1 if not, 2 if it could not be checked.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
)

//go:embed layers.txt
var layers string

// layersName is how messages call the built-in table.
const layersName = "tools/layercheck/layers.txt"

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("layercheck", flag.ContinueOnError)
	flags.SetOutput(stderr)
	file := flags.String("table", "", "read the table from `file` in place of the built-in one")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	root := "."
	switch flags.NArg() {
	case 0:
	case 1:
		root = flags.Arg(0)
	default:
		fmt.Fprintln(stderr, "usage: layercheck [-table FILE] [DIR]")
		return 2
	}
	name, text := layersName, layers
	if *file != "" {
		b, err := os.ReadFile(*file)
		if err != nil {
			fmt.Fprintln(stderr, "layercheck:", err)
			return 2
		}
		name, text = *file, string(b)
	}
	t, err := readTable(name, text)
	if err != nil {
		fmt.Fprintln(stderr, "layercheck:", err)
		return 2
	}
	offences, packages, err := check(root, t)
	if err != nil {
		fmt.Fprintln(stderr, "layercheck:", err)
		return 2
	}
	for _, o := range offences {
		fmt.Fprintln(stderr, o)
	}
	if len(offences) > 0 {
		fmt.Fprintf(stderr, "layercheck: %d offences\n", len(offences))
		return 1
	}
	fmt.Fprintf(stdout, "layercheck: %d packages in order\n", packages)
	return 0
}
