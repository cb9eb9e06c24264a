package rt

// bounds describes a failed check. Go source tree, internal/abi/bounds.go.
type bounds struct {
	code uint32
	x, y operand
}

// operand is an index or a limit: a register's number or a small constant.
type operand struct {
	register bool
	n        uint32
}

const boundsCodes = 9

func decodeBounds(v int32) bounds {
	if v < 0 {
		return bounds{code: boundsCodes}
	}
	c := uint32(v) / boundsCodes
	b := bounds{code: uint32(v) % boundsCodes}
	b.x.register = c&1 != 0
	b.y.register = c&2 != 0
	c >>= 2
	if b.x.register {
		c >>= 1 // whether x is signed
		b.x.n = c & 0xf
		c >>= 4
	} else {
		b.x.n = c & 0x1f
		c >>= 5
	}
	if b.y.register {
		b.y.n = c & 0xf
	} else {
		b.y.n = c & 0x1f
	}
	return b
}

func (b bounds) name() string {
	switch b.code {
	case 0:
		return "index out of range"
	case 8:
		return "slice too short for the array"
	default:
		return "slice bounds out of range"
	}
}

func (o operand) value(regs *[16]int64) int64 {
	if o.register {
		return regs[o.n&0xf]
	}
	return int64(o.n)
}
