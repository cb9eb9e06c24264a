package bench

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteMarkdown writes the report for people.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Tuco beside Xen\n\n%s. Tuco %s, Xen %s, QEMU %s (TCG, `-icount shift=0`), guest by %s.\n", r.Date.Format("2006-01-02 15:04 MST"),
		r.Versions.Tuco, or(r.Versions.Xen, "not run"), r.Versions.QEMU, r.Versions.Go)
	fmt.Fprintf(&b, "Machine: %s, %d cores, Linux %s. The same guest on each: `%s`, SHA-256 %.16s….\n\n", r.Machine.CPU, r.Machine.Cores, r.Machine.Kernel,
		r.Guest.File, r.Guest.SHA256)
	r.rows(&b)
	b.WriteString(r.totals() + "\n")
	r.check(&b)
	r.runs(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (r *Report) rows(b *strings.Builder) {
	b.WriteString("| operation | Tuco | Tuco, stub off | Xen | ratio | | exits | modelled: Tuco | Xen | ns here: Tuco | Xen |\n|---|--:|--:|--:|--:|---|--:|--:|--:|--:|--:|\n")
	for _, l := range r.Rows {
		modelled := [2]string{}
		if l.Modelled != nil {
			modelled = [2]string{show(&l.Modelled.Tuco, "%.0f"), show(l.Modelled.Xen, "%.0f")}
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", strings.ReplaceAll(l.Op, "|", `\|`),
			l.number("tuco", l.Tuco), l.number("tuco_stub_off", l.TucoStubOff), l.number("xen", l.Xen)+l.star(),
			show(l.Ratio, "%.2f"), mark(l.Ratio), show(l.Exits, "%.3f"), modelled[0], modelled[1],
			show(l.WallNS.Tuco, "%.0f"), show(l.WallNS.Xen, "%.0f"))
	}
	r.sources(b)
	b.WriteString("\nInstructions for each operation, the guest's and the hypervisor's. An exit takes much more than an instruction, and is counted beside them.\n")
	fmt.Fprintf(b, "The modelled cost is in cycles: an instruction one, an exit %.0f, an entry without one %.0f; it is a model, no measurement.\n",
		r.Model.ExitCycles, r.Model.EntryCycles)
	b.WriteString("The nanoseconds are this machine's, of other runs, in which the emulator counts no instructions. They are noisy, and an exit takes the " +
		"emulator some 20 to 28 µs whatever the hypervisor does: they tell of the emulator more than of the hypervisor.\n\n")
}

// WriteText writes the rows and the totals for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "tuco\tstub off\txen\tratio\texits\t  operation")
	for _, l := range r.Rows {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t  %s", l.number("tuco", l.Tuco), l.number("tuco_stub_off", l.TucoStubOff), l.number("xen", l.Xen)+l.star(),
			show(l.Ratio, "%.2f"), show(l.Exits, "%.3f"), l.Op)
		if m := strings.Trim(mark(l.Ratio), "*"); m != "" {
			fmt.Fprintf(t, "  (%s)", m)
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	text := "\n" + r.totals()
	if len(r.Check) > 0 {
		text += fmt.Sprintf("The second guest: %d rows compared, %d differ.\n", len(r.Check), r.Differing())
	}
	_, err := io.WriteString(w, text)
	return err
}

// star marks a number of Xen's that is not of this report's runs.
func (l *Line) star() string {
	if l.XenFrom == "" {
		return ""
	}
	return "*"
}

// sources says where numbers are from that are not of these runs.
func (r *Report) sources(b *strings.Builder) {
	said := map[string]bool{"": true}
	for _, l := range r.Rows {
		if !said[l.XenFrom] {
			fmt.Fprintf(b, "\n\\* %s.\n", l.XenFrom)
		}
		said[l.XenFrom] = true
	}
}

// number is one of a line's, or the word for its absence.
func (l *Line) number(name string, v *float64) string {
	if refused := l.Absent[name]; refused != "" {
		return "absent: " + refused
	}
	return show(v, "%.1f")
}

func show(v *float64, format string) string {
	if v == nil {
		return ""
	}
	return fmt.Sprintf(format, *v)
}

// mark marks rows in which Tuco takes more than Xen.
func mark(ratio *float64) string {
	switch {
	case ratio == nil || *ratio <= 1:
		return ""
	case *ratio <= 1.1:
		return "above 1.0"
	}
	return "**above 1.1**"
}

// String is the totals in a line.
func (t Totals) String() string {
	return fmt.Sprintf("%d rows, %d on both: %d above 1.0, %d of them above 1.1", t.Rows, t.Compared, t.AboveOne, t.AboveTenth)
}

// totals is the totals as text.
func (r *Report) totals() string {
	return fmt.Sprintf("The hypervisor's operations: %v.\nWith the guest library's and Go's: %v.\n", r.Listed, r.Totals)
}

func (r *Report) check(b *strings.Builder) {
	if len(r.Check) == 0 {
		return
	}
	fmt.Fprintf(b, "## A second guest\n\nIt is written in assembler only. %d rows compared, %d differ by more than %d instructions and %.0f %%.\n\n",
		len(r.Check), r.Differing(), allowedTicks, 100*allowedShare)
	b.WriteString("| operation | on | first guest | second | |\n|---|---|--:|--:|---|\n")
	for _, c := range r.Check {
		differs := ""
		if c.Differs {
			differs = "differs"
		}
		fmt.Fprintf(b, "| %s | %s | %.1f | %.1f | %s |\n", strings.ReplaceAll(c.Op, "|", `\|`), c.Hypervisor, c.First, c.Second, differs)
	}
	b.WriteString("\n")
}

func (r *Report) runs(b *strings.Builder) {
	b.WriteString("## Runs\n\n| run | seconds | logs |\n|---|--:|---|\n")
	for _, run := range r.Runs {
		fmt.Fprintf(b, "| %s | %.1f | `%s`, `%s` |\n", run.Name, run.Seconds, run.Log, run.Console)
	}
	b.WriteString("\nThe seconds are this machine's from the emulator's start to its end, boot and all, and noisy.\n")
}
