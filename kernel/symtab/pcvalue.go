package symtab

// value looks pc up in the pc-value table at an offset of module.pcTables. It
// is -1 where the table has nothing to say.
func (f Func) value(table uint32, pc uintptr) int32 {
	if table == 0 || uint64(table) >= uint64(len(f.m.pcTables)) {
		return -1
	}
	p := f.m.pcTables[table:]
	at, value := f.Entry(), int32(-1)
	for first := true; len(p) > 0; first = false {
		delta, n := varint(p)
		if delta == 0 && !first {
			return -1 // end of the table
		}
		p = p[n:]
		value += int32(delta>>1) ^ -int32(delta&1) // zig-zag: the sign is the low bit
		step, n := varint(p)
		p = p[n:]
		at += uintptr(step) // amd64 counts program counters in bytes
		if pc < at {
			return value
		}
	}
	return -1
}

// varint decodes a little-endian base-128 number and says how long it is.
func varint(p []byte) (v uint32, n int) {
	for shift := uint(0); n < len(p) && shift < 35; shift += 7 {
		b := p[n]
		n++
		v |= uint32(b&0x7f) << shift
		if b < 0x80 {
			break
		}
	}
	return v, n
}
