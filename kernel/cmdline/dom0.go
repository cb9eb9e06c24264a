package cmdline

import "tuco/kernel/text"

// Dom0Mem is what dom0_mem= asks for. Its zero value asks for nothing.
type Dom0Mem struct {
	size, min, max amount
}

// amount is a number of bytes, or with but set, all that is free but that.
type amount struct {
	given bool
	but   bool
	bytes uint64
}

func (a amount) resolve(available uint64) uint64 {
	switch {
	case !a.but:
		return a.bytes
	case a.bytes > available:
		return 0
	}
	return available - a.bytes
}

// Bytes is the memory that domain 0 gets, in bytes: what was asked for, or
// else configured (boot.cfg's figure), within the bounds that were asked for
// and never more than available.
func (m Dom0Mem) Bytes(configured, available uint64) uint64 {
	n := configured
	if m.size.given {
		n = m.size.resolve(available)
	}
	if m.min.given {
		n = max(n, m.min.resolve(available))
	}
	if m.max.given {
		n = min(n, m.max.resolve(available))
	}
	return min(n, available)
}

// tiny finds the user who forgot the suffix: without one, a number counts KiB.
func (m Dom0Mem) tiny() bool {
	return m.size.given && !m.size.but && m.size.bytes < 1<<20
}

// parseMem reads SIZE, min:SIZE and max:SIZE, in any order, between commas.
func parseMem(v []byte) (m Dom0Mem, ok bool) {
	for more := true; more; {
		var part []byte
		part, v, more = cut(v, ',')
		to := &m.size
		switch {
		case text.HasPrefix(part, "min:"):
			to, part = &m.min, part[len("min:"):]
		case text.HasPrefix(part, "max:"):
			to, part = &m.max, part[len("max:"):]
		}
		to.given = true
		to.but = len(part) > 0 && part[0] == '-'
		if to.but {
			part = part[1:]
		}
		// As in Xen, KiB where no suffix says otherwise.
		if to.bytes, ok = text.Bytes(part, 1<<10); !ok {
			return Dom0Mem{}, false
		}
	}
	return m, true
}

// maxVCPUs is the most vCPUs of a domain.
const maxVCPUs = 128

// Dom0VCPUs is what dom0_max_vcpus= asks for. Its zero value asks for
// nothing.
type Dom0VCPUs struct {
	min, max int // 0: open
}

// Count is the number of vCPUs that domain 0 gets: configured (boot.cfg's
// figure) within the range that was asked for, on a host with so many CPUs.
func (r Dom0VCPUs) Count(configured, cpus int) int {
	switch {
	case r == Dom0VCPUs{}:
		return configured
	case r.max == 0:
		return max(configured, r.min)
	case r.min == 0:
		return min(configured, r.max)
	case r.min == r.max:
		return r.min
	}
	// With both ends, Xen takes as many as there are CPUs.
	return min(max(cpus, r.min), r.max)
}

// parseVCPUs reads N, MIN-MAX, MIN- or -MAX.
func parseVCPUs(v []byte) (r Dom0VCPUs, ok bool) {
	low, high, isRange := cut(v, '-')
	if !isRange {
		high = low
	}
	if isRange && len(low) == 0 && len(high) == 0 {
		return r, false
	}
	if len(low) > 0 {
		if r.min, ok = vcpus(low); !ok {
			return Dom0VCPUs{}, false
		}
	}
	if len(high) > 0 {
		if r.max, ok = vcpus(high); !ok || r.max < r.min {
			return Dom0VCPUs{}, false
		}
	}
	return r, ok
}

func vcpus(v []byte) (int, bool) {
	n, ok := text.Uint(v)
	if !ok || n < 1 || n > maxVCPUs {
		return 0, false
	}
	return int(n), true
}
