package reach

// decodeVEX measures instructions with a VEX, EVEX or XOP prefix (C4, C5, 62, 8F). In
// 64-bit mode these bytes at the beginning of an instruction mean nothing else, except 8F,
// which is POP unless its map field is 8 or more.
//
// Only the length and an address relative to RIP are wanted: the instruction is refused in
// any case, and decoding goes on behind it.
//
// Source: Intel SDM vol. 2, "Intel Advanced Vector Extensions" in "Instruction Format";
// APM vol. 3, "Encoding Extension Using the XOP Prefix".
func decodeVEX(code []byte) (instruction, bool) {
	// Legacy prefixes before VEX make it #UD, but segment overrides and 67 are allowed.
	at := 0
	for at < len(code) && isSegmentOrAddressPrefix(code[at]) {
		at++
	}
	if len(code) < at+4 {
		return instruction{}, false
	}
	const (
		map0F   = 1
		map0F38 = 2
		map0F3A = 3
	)
	var opmap byte
	var prefix int
	switch code[at] {
	case 0xc5:
		opmap, prefix = map0F, 2
	case 0xc4:
		opmap, prefix = code[at+1]&0x1f, 3
	case 0x62:
		opmap, prefix = code[at+1]&7, 4
	case 0x8f:
		if opmap, prefix = code[at+1]&0x1f, 3; opmap < 8 {
			return instruction{}, false
		}
	default:
		return instruction{}, false
	}
	at += prefix
	if len(code) <= at {
		return instruction{}, false
	}
	opcode := code[at]
	at++
	in := instruction{mark: markVEX}
	if opmap == map0F && opcode == 0x77 { // VZEROUPPER, VZEROALL: no operand
		in.size = at
		return in, true
	}
	size, rip, disp, ok := operand(code[at:])
	if !ok {
		return instruction{}, false
	}
	in.hasRel, in.rel = rip, int64(disp)
	in.size = at + size
	switch opmap {
	case map0F3A, 8:
		in.size++
	case map0F:
		switch opcode {
		case 0x70, 0x71, 0x72, 0x73, 0xc2, 0xc4, 0xc5, 0xc6:
			in.size++
		}
	case 10: // XOP map with 32-bit immediates
		in.size += 4
	}
	if in.size > len(code) {
		return instruction{}, false
	}
	return in, true
}

func isSegmentOrAddressPrefix(b byte) bool {
	switch b {
	case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x67:
		return true
	}
	return false
}
