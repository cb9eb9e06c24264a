package main

import (
	"fmt"

	"tuco/guestlib/clock"
)

// A table is the lines that are printed, in the form of guests/bench.
type table struct {
	rows []string
	idle func() (ticks uint64, err error) // in which CPUs had nothing to run
}

const header = "op\tdiv\tticks(median/op)\texits"

// ready is which part of the operations make everything ready.
const ready = 4

// measure measures an operation: the mean of so many in one go, after some that make everything ready.
func (t *table) measure(op string, n int, do func(n int) error) error {
	if err := do(max(n/ready, 1)); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	before, err := t.idle()
	if err != nil {
		return err
	}
	begin := clock.TSC()
	if err := do(n); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	ticks := clock.TSC() - begin
	after, err := t.idle()
	if err != nil {
		return err
	}
	idle := min(after-before, ticks)
	t.rows = append(t.rows, fmt.Sprintf("%s\t%d\t%.1f\t-", op, n, float64(ticks-idle)/float64(n)))
	fmt.Printf("linuxio: %s: idle for %.1f ticks beside\n", op, float64(idle)/float64(n))
	return nil
}

func (t *table) print() {
	fmt.Println(header)
	for _, r := range t.rows {
		fmt.Println(r)
	}
}
