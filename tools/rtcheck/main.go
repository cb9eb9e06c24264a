// Command rtcheck fails where a freestanding Go kernel can reach what it must not: the
// allocator, the scheduler, AVX code, package initialisation. See package reach.
//
// Usage:
//
//	rtcheck [flags] kernel.elf
//
// It exits with 0 if the image is clean, 1 if not, 2 if it could not be checked.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"tuco/tools/rtcheck/reach"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// words is a flag that may be given several times.
type words []string

func (w *words) String() string     { return strings.Join(*w, ",") }
func (w *words) Set(s string) error { *w = append(*w, s); return nil }

func run(args []string, stdout, stderr io.Writer) int {
	var cfg reach.Config
	var redirects words
	flags := flag.NewFlagSet("rtcheck", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Var((*words)(&cfg.Entries), "entry", "`symbol` of a further entry; the ELF header's entry is always one (repeatable)")
	flags.Var(&redirects, "redirect", "`FROM=TO`: a call of FROM goes to TO (repeatable)")
	redirectFile := flags.String("redirects", "", "`file` of redirects, one FROM TO a line, # begins a comment")
	flags.Var((*words)(&cfg.Allow), "allow", "`symbol` of a function that may call what is forbidden (repeatable)")
	flags.StringVar(&cfg.Module, "module", "tuco", "`path` of the module whose packages must not need initialisation")
	xmm := flags.String("xmm", "", "vector registers that may be used, such as `X0-X3,X15` or none; empty allows all")
	flags.Var((*words)(&cfg.XMMExcept), "xmm-except", "`symbol` of a function that may use any vector register (repeatable)")
	flags.BoolVar(&cfg.OwnsVectors, "avx", false, "vector and x87 registers are the program's own, as in a guest: allow all instructions on them")
	list := flags.Bool("list", false, "print the reachable functions: address, size, symbol")
	why := flags.String("why", "", "print the path from the entry to the function `symbol`")
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: rtcheck [flags] kernel.elf")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return 2
	}
	if flags.NArg() != 1 {
		flags.Usage()
		return 2
	}
	if err := configure(&cfg, redirects, *redirectFile, *xmm); err != nil {
		fmt.Fprintln(stderr, "rtcheck:", err)
		return 2
	}
	image, err := reach.Open(flags.Arg(0))
	if err != nil {
		fmt.Fprintln(stderr, "rtcheck:", err)
		return 2
	}
	result, err := reach.Walk(image, cfg)
	if err != nil {
		fmt.Fprintln(stderr, "rtcheck:", err)
		return 2
	}
	if *list {
		for _, f := range result.Reachable {
			fmt.Fprintf(stdout, "%#x %6d %s\n", f.Addr, f.Size, f.Name)
		}
	}
	if *why != "" {
		path := result.Why(*why)
		if path == nil {
			path = []string{*why + " is not reachable"}
		}
		fmt.Fprintln(stdout, strings.Join(path, " → "))
	}
	fmt.Fprintln(stdout, result.Summary())
	for _, f := range result.Findings {
		fmt.Fprintln(stderr, f)
	}
	if len(result.Findings) > 0 {
		fmt.Fprintf(stderr, "rtcheck: %s: %d offences\n", flags.Arg(0), len(result.Findings))
		return 1
	}
	return 0
}

func configure(cfg *reach.Config, redirects words, file, xmm string) error {
	for _, r := range redirects {
		from, to, ok := strings.Cut(r, "=")
		if !ok {
			return fmt.Errorf("-redirect %s: want FROM=TO", r)
		}
		cfg.Redirects = append(cfg.Redirects, reach.Redirect{From: from, To: to})
	}
	if file != "" {
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		more, err := reach.ReadRedirects(f, file)
		if err != nil {
			return err
		}
		cfg.Redirects = append(cfg.Redirects, more...)
	}
	if xmm != "" {
		set, err := reach.ParseRegisters(xmm)
		if err != nil {
			return err
		}
		cfg.XMM = &set
	}
	return nil
}
