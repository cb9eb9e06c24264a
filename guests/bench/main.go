package main

import (
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"tuco/guestlib/probe"
)

func main() {
	debug.SetGCPercent(-1) // the collector works where it is measured, not in between
	t := newTable()
	err := t.measure(groups, os.Args[1:])
	fmt.Println(strings.Join(t.lines, "\n"))
	if err != nil {
		fmt.Println("bench:", err)
		os.Exit(1)
	}
	fmt.Println("bench: done")
}

// groups make rows that belong together. The order is that of what they rely on: rings, pins, roots and reservations use the pages of tables.
var groups = []group{
	calls, instructions, traps, ports, events, idle, console, tables, rings, whole, pins, roots, reservations, grants, memory, threads, collector,
}

// A group's error tells why it can't make its rows.
type group func() ([]row, error)

// A table is the lines that are printed.
type table struct {
	lines  []string
	less   overheads
	counts bool // the hypervisor counts exits
}

const header = "op\tdiv\tticks(median/op)\texits"

func newTable() *table {
	t := &table{lines: []string{header}, less: newOverheads(), counts: probe.Counts()}
	t.add(&row{op: "empty(rdtsc pair)", n: 1}, cost{ticks: float64(t.less.measure.Ticks)})
	return t
}

// measure measures the rows that words choose. What the hypervisor has not is a line of the table too.
func (t *table) measure(groups []group, words []string) error {
	for _, g := range groups {
		rows, err := g()
		if err != nil {
			return err
		}
		for _, r := range rows {
			if !chosen(r.op, words) {
				continue
			}
			if c, err := r.cost(t.less); err == 0 {
				t.add(&r, c)
			} else {
				t.lines = append(t.lines, fmt.Sprintf("%s\t%d\tabsent\t%v", r.op, r.n, err))
			}
		}
	}
	return nil
}

func (t *table) add(r *row, c cost) {
	exits := "-"
	if t.counts {
		exits = fmt.Sprintf("%.3f", c.exits)
	}
	t.lines = append(t.lines, fmt.Sprintf("%s\t%d\t%.1f\t%s", r.op, r.n, c.ticks, exits))
}

func chosen(op string, words []string) bool {
	return len(words) == 0 || slices.ContainsFunc(words, func(word string) bool { return strings.Contains(op, word) })
}
