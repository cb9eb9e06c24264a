package main

import (
	"cmp"
	"fmt"
	"slices"

	"tuco/guestlib/probe"
)

// A table is the lines that are printed, in the form of guests/bench.
type table struct {
	rows []string

	// Which part of the operations is a sample, and how many there are. Of several the median counts: then it is chance whether something falls into one that
	// comes only now and then.
	part, samples int
}

const header = "op\tdiv\tticks(median/op)\texits"

// measure measures an operation: so many in one go, after some that make everything ready. It is the mean that counts, and no median: what comes now
// and then, such as a garbage collection here or in the control domain, is a part of the cost.
func (t *table) measure(op string, n int, do func(n int) error) error {
	n = max(n/t.part, 1)
	if err := do(max(n/ready, 1)); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	all := make([]probe.Span, t.samples)
	for i := range all {
		var err error
		if all[i], err = probe.Work(func() error { return do(n) }); err != nil {
			return fmt.Errorf("%s: %w", op, err)
		}
	}
	slices.SortFunc(all, func(a, b probe.Span) int { return cmp.Compare(a.Ticks, b.Ticks) })
	took := all[len(all)/2]
	each := func(of uint64) float64 { return float64(of) / float64(n) }
	t.rows = append(t.rows, fmt.Sprintf("%s\t%d\t%.1f\t%.3f", op, n, each(took.Ticks), each(took.Exits)))
	fmt.Printf("iobench: %s: idle for %.1f ticks beside\n", op, each(took.Idle))
	return nil
}

// ready is which part of the operations make everything ready.
const ready = 4

func (t *table) print() {
	if len(t.rows) == 0 {
		return
	}
	fmt.Println(header)
	for _, r := range t.rows {
		fmt.Println(r)
	}
}
