package bench

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Row is a line of a measuring guest's table.
type Row struct {
	Op     string
	Div    int      // how many operations a sample has
	Ticks  float64  // for each: instructions, where the emulator counts them
	Exits  *float64 // from the container, for each; nil where the hypervisor doesn't tell
	Absent string   // why the hypervisor refused the operation; empty if it did not
}

// A Table is what a guest has measured, in its order.
type Table []Row

const header = "op\tdiv\tticks(median/op)\texits"

// ErrTable marks a console on which no whole table is.
var ErrTable = errors.New("no table of measurements")

func tableError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrTable, fmt.Sprintf(format, args...))
}

// ConsoleOf is what a guest has written on its console, of all that is on the control domain's. No name stands for all.
func ConsoleOf(guest, console string) string {
	if guest == "" {
		return console
	}
	var b strings.Builder
	for line := range strings.Lines(console) {
		if text, its := strings.CutPrefix(line, guest+": "); its {
			b.WriteString(text)
		}
	}
	return b.String()
}

// Parse finds the table on a guest's console. It ends with a line "NAME: done"; a guest that failed says something else there.
func Parse(console string) (Table, error) {
	_, text, found := strings.Cut(console, header+"\n")
	if !found {
		return nil, tableError("the line %q is missing: the guest has not come so far", header)
	}
	var table Table
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if _, closing, ok := strings.Cut(line, ": "); ok && !strings.Contains(line, "\t") {
			if closing == "done" {
				return table, nil
			}
			return nil, tableError("the guest says %q", line)
		}
		row, err := parseRow(line)
		if err != nil {
			return nil, err
		}
		if seen[row.Op] {
			return nil, tableError("two rows %q", row.Op)
		}
		seen[row.Op] = true
		table = append(table, row)
	}
	return nil, tableError("it has no end")
}

func parseRow(line string) (row Row, err error) {
	fields := strings.Split(line, "\t")
	if len(fields) != 4 || fields[0] == "" {
		return row, tableError("%q is not an operation and three numbers", line)
	}
	row.Op = fields[0]
	if row.Div, err = strconv.Atoi(fields[1]); err != nil || row.Div < 1 {
		return row, tableError("%q: its second field is not a number of operations", line)
	}
	if fields[2] == "absent" {
		row.Absent = fields[3]
		return row, nil
	}
	if row.Ticks, err = number(fields[2]); err != nil {
		return row, tableError("%q: its third field is not a number of ticks", line)
	}
	if fields[3] == "-" {
		return row, nil
	}
	exits, err := number(fields[3])
	if err != nil {
		return row, tableError("%q: its fourth field is not a number of exits", line)
	}
	row.Exits = &exits
	return row, nil
}

var errNumber = errors.New("not a count")

// number is a count, or a part of one.
func number(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0 && v < 1e18) {
		return 0, errNumber
	}
	return v, nil
}

// find is the row of an operation, or nil.
func (t Table) find(op string) *Row {
	for i := range t {
		if t[i].Op == op {
			return &t[i]
		}
	}
	return nil
}
