package bench

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// A Report is all that a benchmark has found.
type Report struct {
	Date     time.Time    `json:"date"`
	Versions Versions     `json:"versions"`
	Machine  Machine      `json:"machine"`
	Guest    Guest        `json:"guest"`
	Model    Model        `json:"model"`
	Runs     []Run        `json:"runs"`
	Totals   Totals       `json:"totals"`        // of all rows
	Listed   Totals       `json:"totals_listed"` // of those that every report has
	Rows     []Line       `json:"rows"`
	Check    []Comparison `json:"cross_check,omitempty"`
	Linux    []LinuxRun   `json:"linux,omitempty"` // the boots behind the rows of Linux
}

// Versions is what was measured, and with what.
type Versions struct {
	Tuco string `json:"tuco"`
	Xen  string `json:"xen,omitempty"`
	QEMU string `json:"qemu"`
	Go   string `json:"go"`
}

// Machine is where. Instructions are the same everywhere; time is not.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Kernel string `json:"kernel"`
}

// Guest is the file that was booted on each hypervisor.
type Guest struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

// A Run is one boot. Its time is this machine's, from the emulator's start to its end: it says as much of the machine, and of what
// else it did, as of the hypervisor.
type Run struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"wall_seconds"`
	Log     string  `json:"hypervisor_log"`
	Console string  `json:"console_log"`
}

// A Line is an operation, as it was measured by the same guest.
type Line struct {
	Op           string            `json:"op"`
	Unit         string            `json:"unit"`
	Div          int               `json:"div"`
	Tuco         *float64          `json:"tuco"`
	TucoStubOff  *float64          `json:"tuco_stub_off"`
	Xen          *float64          `json:"xen"`
	Ratio        *float64          `json:"ratio"` // of Tuco's to Xen's
	Exits        *float64          `json:"exits"`
	ExitsStubOff *float64          `json:"exits_stub_off"`
	Modelled     *Modelled         `json:"modelled,omitempty"`
	WallNS       WallNS            `json:"wall_ns"`
	Absent       map[string]string `json:"absent,omitempty"`   // by hypervisor: the error with which it refused the operation
	XenFrom      string            `json:"xen_from,omitempty"` // where Xen's number is from, if not from this report's runs

	elsewhere bool // other code has seen to it that nothing is missing
}

// Modelled is a Model's costs, in cycles.
type Modelled struct {
	Tuco float64  `json:"tuco"`
	Xen  *float64 `json:"xen"`
}

// WallNS is nanoseconds that the operation took on this machine, in runs where the emulator counts no instructions.
type WallNS struct {
	Tuco *float64 `json:"tuco"`
	Xen  *float64 `json:"xen"`
}

// Totals count rows, those that both have, and those of them with a ratio above a bound.
type Totals struct {
	Rows       int `json:"rows"`
	Compared   int `json:"compared"`
	AboveOne   int `json:"above_1_0"`
	AboveTenth int `json:"above_1_1"`
}

const unit = "instructions"

// Join makes the lines of the tables of one guest: on Tuco, on Tuco without its stub (nil if that was not measured), and on Xen. Tuco's
// order counts; what only another one has comes last.
func (r *Report) Join(tuco, stubOff, xen Table) {
	r.Rows = nil
	for _, op := range operations(tuco, stubOff, xen) {
		r.Rows = append(r.Rows, r.line(op, tuco.find(op), stubOff.find(op), xen.find(op)))
	}
	listed := Required()
	r.Totals, r.Listed = Totals{}, Totals{}
	for _, l := range r.Rows {
		r.Totals.add(l)
		if slices.Contains(listed, l.Op) {
			r.Listed.add(l)
		}
	}
}

func (t *Totals) add(l Line) {
	t.Rows++
	if l.Ratio == nil {
		return
	}
	t.Compared++
	if *l.Ratio > 1 {
		t.AboveOne++
	}
	if *l.Ratio > 1.1 {
		t.AboveTenth++
	}
}

// operations is the names of all rows.
func operations(tables ...Table) (names []string) {
	for _, t := range tables {
		for _, row := range t {
			if !slices.Contains(names, row.Op) {
				names = append(names, row.Op)
			}
		}
	}
	return names
}

// line joins the rows of an operation, of which any may be nil.
func (r *Report) line(op string, tuco, stubOff, xen *Row) Line {
	l := Line{Op: op, Unit: unit}
	for _, one := range []struct {
		name string
		row  *Row
		to   **float64
	}{{"tuco", tuco, &l.Tuco}, {"tuco_stub_off", stubOff, &l.TucoStubOff}, {"xen", xen, &l.Xen}} {
		switch {
		case one.row == nil:
		case one.row.Absent != "":
			if l.Absent == nil {
				l.Absent = map[string]string{}
			}
			l.Absent[one.name] = one.row.Absent
		default:
			ticks := one.row.Ticks
			*one.to = &ticks
		}
		if one.row != nil && l.Div == 0 {
			l.Div = one.row.Div
		}
	}
	if l.Tuco != nil {
		l.Exits = tuco.Exits
	}
	if l.TucoStubOff != nil {
		l.ExitsStubOff = stubOff.Exits
	}
	if l.Tuco != nil && l.Xen != nil && *l.Xen > 0 {
		l.Ratio = rounded(*l.Tuco / *l.Xen)
	}
	l.Modelled = r.modelled(l)
	return l
}

func (r *Report) modelled(l Line) *Modelled {
	if l.Exits == nil {
		return nil
	}
	entries := *l.Exits
	if l.ExitsStubOff != nil {
		entries = *l.ExitsStubOff
	}
	m := &Modelled{Tuco: *rounded(r.Model.tuco(*l.Tuco, *l.Exits, entries))}
	if l.Xen != nil {
		m.Xen = rounded(r.Model.xen(*l.Xen, entries))
	}
	return m
}

// Time adds, to the rows that were joined, what a guest has measured where a tick is time, so many in a microsecond.
func (r *Report) Time(tuco, xen Table, tucoMHz, xenMHz float64) {
	for i := range r.Rows {
		l := &r.Rows[i]
		l.WallNS = WallNS{nanoseconds(tuco.find(l.Op), tucoMHz), nanoseconds(xen.find(l.Op), xenMHz)}
	}
}

func nanoseconds(row *Row, mhz float64) *float64 {
	if row == nil || row.Absent != "" || mhz == 0 {
		return nil
	}
	return rounded(row.Ticks * 1000 / mhz)
}

// rounded is a number as a report has it: with three digits behind the point.
func rounded(v float64) *float64 {
	v = math.Round(v*1000) / 1000
	return &v
}

//go:embed rows.txt
var required string

// Required is the operations that every report has: those of the measurements of Xen that the project keeps to.
func Required() []string { return strings.Split(strings.TrimSpace(required), "\n") }

// Missing tells, for each row that should have a number and has not, why. A row that only Tuco has is not missing on Xen.
func (r *Report) Missing(required []string) (why []string) {
	for _, op := range required {
		if !slices.ContainsFunc(r.Rows, func(l Line) bool { return l.Op == op }) {
			why = append(why, fmt.Sprintf("%s: no guest has measured it", op))
		}
	}
	for _, l := range r.Rows {
		if l.elsewhere {
			continue
		}
		for _, one := range []struct {
			key, name string
			is        *float64
			needed    bool
		}{
			{"tuco", "Tuco", l.Tuco, true},
			{"tuco_stub_off", "Tuco without its stub", l.TucoStubOff, r.has(func(l Line) *float64 { return l.TucoStubOff })},
			{"xen", "Xen", l.Xen, slices.Contains(required, l.Op) || l.Absent["xen"] == ""},
		} {
			if one.is != nil || !one.needed {
				continue
			}
			reason := "not in the guest's table"
			if refused := l.Absent[one.key]; refused != "" {
				reason = "refused with " + refused
			}
			why = append(why, fmt.Sprintf("%s: on %s: %s", l.Op, one.name, reason))
		}
	}
	return why
}

// has tells whether some line has a number.
func (r *Report) has(number func(Line) *float64) bool {
	return slices.ContainsFunc(r.Rows, func(l Line) bool { return number(l) != nil })
}

// WriteJSON writes the report for programs.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false) // names have arrows
	e.SetIndent("", "  ")
	return e.Encode(r)
}
