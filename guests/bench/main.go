package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
)

func main() {
	debug.SetGCPercent(-1) // the collector works where it is measured, not in between
	groups := []func() ([]row, error){calls, tables, events, memory, threads, collector}
	empty := row{op: "empty(rdtsc pair)", n: 1, work: func() {}}
	overhead, err := empty.measure(0)
	out := []string{header, empty.line(overhead)}
	for _, group := range groups {
		var rows []row
		if rows, err = group(); err != nil {
			break
		}
		for _, r := range rows {
			if !chosen(r.op, os.Args[1:]) {
				continue
			}
			ticks, bad := r.measure(overhead)
			if err = bad; err != nil {
				break
			}
			out = append(out, r.line(ticks))
		}
		if err != nil {
			break
		}
	}
	fmt.Println(strings.Join(out, "\n"))
	if err != nil {
		fmt.Println("bench:", err)
		os.Exit(1)
	}
	fmt.Println("bench: done")
}

func chosen(op string, words []string) bool {
	return len(words) == 0 || slices.ContainsFunc(words, func(word string) bool { return strings.Contains(op, word) })
}
