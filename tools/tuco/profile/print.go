package profile

import (
	"bufio"
	"fmt"
	"io"
)

// Print writes a profile as a table of at most top functions, and before it the sum of each part. per is the number of
// operations that the instructions were for: what is printed is for each of them.
func (p *Profile) Print(to io.Writer, top int, per float64) error {
	w := bufio.NewWriter(to)
	row := func(instructions, calls uint64, name string) {
		share := 100 * float64(instructions) / float64(max(p.Instructions, 1))
		fmt.Fprintf(w, "%16s %6.2f %14s %10s  %s\n", number(float64(instructions)/per, per), share,
			blank(calls, number(float64(calls)/per, per)), blank(calls, fmt.Sprintf("%.1f", float64(instructions)/float64(calls))), name)
	}
	fmt.Fprintf(w, "%16s %6s %14s %10s\n", "instructions", "%", "calls", "per call")
	row(p.Instructions, 0, "all")
	for _, part := range p.parts() {
		row(part.Instructions, 0, part.Part)
	}
	fmt.Fprintln(w)
	for _, line := range p.Lines[:min(top, len(p.Lines))] {
		row(line.Instructions, line.Calls, line.Part+" "+line.Function)
	}
	if rest := p.Lines[min(top, len(p.Lines)):]; len(rest) > 0 {
		var sum uint64
		for _, line := range rest {
			sum += line.Instructions
		}
		row(sum, 0, fmt.Sprintf("%d others", len(rest)))
	}
	return w.Flush()
}

// parts sums up the parts, in the order of their biggest function.
func (p *Profile) parts() (sums []Line) {
	for _, line := range p.Lines {
		i := 0
		for i < len(sums) && sums[i].Part != line.Part {
			i++
		}
		if i == len(sums) {
			sums = append(sums, Line{Part: line.Part})
		}
		sums[i].Instructions += line.Instructions
	}
	return sums
}

// number shows a count, with a digit behind the point where it is one of each operation.
func number(n, per float64) string {
	if per != 1 {
		return fmt.Sprintf("%.2f", n)
	}
	return fmt.Sprintf("%.0f", n)
}

// blank is the text, or nothing where nothing is known.
func blank(known uint64, text string) string {
	if known == 0 {
		return ""
	}
	return text
}
