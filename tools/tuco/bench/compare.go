package bench

import "math"

// A Comparison is an operation that two guests of different make have measured on the same hypervisor.
type Comparison struct {
	Op         string  `json:"op"`
	Hypervisor string  `json:"hypervisor"`
	First      float64 `json:"first"`  // instructions, by the guest of the rows
	Second     float64 `json:"second"` // by the other one
	Differs    bool    `json:"differs"`
}

// What two guests may differ by: the instructions around a hypercall, or a part of the whole.
const (
	allowedTicks = 20
	allowedShare = 0.03
)

// Compare adds what another guest has measured. Only operations that both have a number for count.
func (r *Report) Compare(hypervisor string, first, second Table) {
	for _, a := range first {
		b := second.find(a.Op)
		if b == nil || a.Absent != "" || b.Absent != "" || a.Div != b.Div {
			continue
		}
		allowed := max(allowedTicks/float64(a.Div), allowedShare*a.Ticks)
		r.Check = append(r.Check, Comparison{a.Op, hypervisor, a.Ticks, b.Ticks, math.Abs(a.Ticks-b.Ticks) > allowed})
	}
}

// Differing is how many comparisons differ.
func (r *Report) Differing() (n int) {
	for _, c := range r.Check {
		if c.Differs {
			n++
		}
	}
	return n
}
