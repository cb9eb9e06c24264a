package timer

import "math/bits"

// rate is an interval that the rate lies in, in Hz. The zero value is invalid.
type rate struct{ low, high uint64 }

func (r rate) valid() bool       { return r.low != 0 && r.low <= r.high }
func (r rate) middle() uint64    { return r.low + (r.high-r.low)/2 }
func (r rate) width() uint64     { return r.high - r.low }
func (r rate) has(f uint64) bool { return r.low <= f && f <= r.high }

// near tells whether f is within a thousandth of the interval.
func (r rate) near(f uint64) bool {
	return rate{r.low - r.low/1000, r.high + r.high/1000}.has(f)
}

// with narrows the interval by another one; where the two contradict each
// other, the narrower is believed.
func (r rate) with(o rate) rate {
	if !r.valid() {
		return o
	}
	if !o.valid() {
		return r
	}
	if both := (rate{max(r.low, o.low), min(r.high, o.high)}); both.valid() {
		return both
	}
	if o.width() < r.width() {
		return o
	}
	return r
}

// roundest is the number in the interval that is divisible by the highest power
// of ten up to a million, and of those the one next to the middle.
func (r rate) roundest() uint64 {
	for step := uint64(1_000_000); step > 1; step /= 10 {
		if f := (r.middle() + step/2) / step * step; r.has(f) {
			return f
		}
	}
	return r.middle()
}

// meter watches a counter beside the time stamp counter.
type meter struct {
	tsc  func() uint64
	read func() uint32 // the counter; counts up
	mask uint32        // its width

	ticks  uint32 // how far the counter has to get,
	length uint64 // and the time stamp counter
}

// sample is a reading of the counter, between two of the time stamp counter.
type sample struct {
	before, after uint64
	value         uint32
}

func (m *meter) sample() sample {
	before := m.tsc()
	v := m.read() & m.mask
	return sample{before, m.tsc(), v}
}

// ends is how many samples are taken at either end of the window. Each pair of
// one from either end bounds the rate, from a phase of its own.
const ends = 16

// standstill is how many readings in a row may find the counter where it was;
// more, and it does not count at all. It must not stop the boot.
const standstill = 1 << 16

// window takes samples at the start and at the end of a window.
func (m *meter) window(first, last *[ends]sample) bool {
	for i := range first {
		first[i] = m.sample()
	}
	for now, same := first[ends-1], 0; same < standstill; {
		next := m.sample()
		if same++; next.value != now.value {
			same = 0
		}
		now = next
		if (now.value-first[0].value)&m.mask >= m.ticks && now.before-first[0].before >= m.length {
			for i := range last {
				last[i] = m.sample()
			}
			return true
		}
	}
	return false
}

// tscRate is the time stamp counter's rate, by a counter of rate hz. It is
// invalid where the counter stands still.
func (m *meter) tscRate(hz uint64) (r rate) {
	var first, last [ends]sample
	if !m.window(&first, &last) {
		return rate{}
	}
	for i := range first {
		for j := range last {
			low, high := span(&first[i], &last[j])
			ticks := uint64((last[j].value - first[i].value) & m.mask)
			r = r.with(between(low, high, ticks-1, ticks+1, hz))
		}
	}
	return r
}

// counterRate is the counter's rate, by a time stamp counter of rate hz.
func (m *meter) counterRate(hz uint64) (r rate) {
	var first, last [ends]sample
	if !m.window(&first, &last) {
		return rate{}
	}
	for i := range first {
		for j := range last {
			low, high := span(&first[i], &last[j])
			ticks := uint64((last[j].value - first[i].value) & m.mask)
			r = r.with(between(ticks-1, ticks+1, low, high, hz))
		}
	}
	return r
}

// span bounds the time between two samples, in ticks of the time stamp counter.
func span(a, b *sample) (low, high uint64) { return b.before - a.after, b.after - a.before }

// between is the rate of something that ticked low to high times while a
// counter of rate hz ticked least to most times.
func between(low, high, least, most, hz uint64) rate {
	if int64(least) <= 0 || int64(low) <= 0 {
		return rate{}
	}
	return rate{ratio(low, hz, most), ratio(high, hz, least) + 1}
}

// ratio is a*b/c, or 0 where that does not fit.
func ratio(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	if hi >= c {
		return 0
	}
	q, _ := bits.Div64(hi, lo, c)
	return q
}
