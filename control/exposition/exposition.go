// Package exposition writes figures in Prometheus's text format, version 0.0.4.
//
// Prometheus's own library for it, client_golang, makes its text from protocol buffers and brings their reflection with it: 2.9 MB of program, in the one domain whose memory
// all guests pay for. The format is three kinds of lines. The tests have Prometheus's parser read them.
package exposition

import (
	"bufio"
	"io"
	"math"
	"strconv"
	"strings"
)

// Kind is a metric's type.
type Kind string

// The kinds. The name of a Counter ends with _total.
const (
	Counter Kind = "counter"
	Gauge   Kind = "gauge"
)

// ContentType is the format's.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// Writer writes metrics. All samples of a metric have to be written before the next one begins.
type Writer struct {
	b    *bufio.Writer
	name string
}

// NewWriter is a Writer, to be flushed at the end.
func NewWriter(w io.Writer) *Writer { return &Writer{b: bufio.NewWriter(w)} }

// Flush writes what has not been written. Its error is the first one that there was.
func (w *Writer) Flush() error { return w.b.Flush() }

// Begin begins a metric.
func (w *Writer) Begin(name string, kind Kind, help string) {
	w.begin(name, string(kind), help)
}

func (w *Writer) begin(name, kind, help string) {
	w.name = name
	w.lines("# HELP ", name, " ", helpEscapes.Replace(help), "\n# TYPE ", name, " ", kind, "\n")
}

// Sample writes a value of the metric. Labels are names and values by turns.
func (w *Writer) Sample(value float64, labels ...string) { w.sample(w.name, value, labels...) }

func (w *Writer) sample(name string, value float64, labels ...string) {
	w.lines(name)
	for k := 0; k+1 < len(labels); k += 2 {
		before := ","
		if k == 0 {
			before = "{"
		}
		w.lines(before, labels[k], `="`, labelEscapes.Replace(labels[k+1]), `"`)
	}
	if len(labels) > 1 {
		w.lines("}")
	}
	w.lines(" ", number(value), "\n")
}

// Histogram writes a metric of how many values there were between bounds. There is a bound more than counts; the first and the last may be infinite.
func (w *Writer) Histogram(name, help string, counts []uint64, bounds []float64) {
	w.begin(name, "histogram", help)
	below, sum := uint64(0), 0.0
	for k, n := range counts {
		below += n
		upper := bounds[k+1]
		if n > 0 {
			sum += float64(n) * middle(bounds[k], upper)
		}
		if !math.IsInf(upper, 1) && (n > 0 || k == 0) { // others say nothing new
			w.sample(name+"_bucket", float64(below), "le", number(upper))
		}
	}
	w.sample(name+"_bucket", float64(below), "le", "+Inf")
	w.sample(name+"_sum", sum)
	w.sample(name+"_count", float64(below))
}

// middle is a value for all that are between two bounds.
func middle(from, to float64) float64 {
	switch {
	case math.IsInf(from, -1):
		return to
	case math.IsInf(to, 1):
		return from
	}
	return (from + to) / 2
}

func number(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func (w *Writer) lines(parts ...string) {
	for _, p := range parts {
		_, _ = w.b.WriteString(p) // Flush tells
	}
}

var (
	helpEscapes  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	labelEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)
