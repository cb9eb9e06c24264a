package reach

// decodeSystem measures the system instructions that x86asm does not know, or knows in part
// only: virtualisation (VMRUN, VMCALL, VMREAD, INVEPT …), SMAP (CLAC, STAC), ENDBR64,
// RDSEED, RDPID, MONITORX, CLZERO, SERIALIZE, ADCX and ADOX. All live in six opcodes of the
// two-byte map and a few of the map 0F 38, each with a ModRM byte and no immediate, so that
// whole opcodes are measured, known instructions among them included.
//
// Source: Intel SDM vol. 2, "Opcode Extensions for One-Byte and Two-Byte Opcodes by Group
// Number"; APM vol. 3, "ModRM Extensions to Secondary Opcode Map".
func decodeSystem(code []byte) (instruction, bool) {
	at := 0
prefixes:
	for ; at < len(code); at++ {
		switch b := code[at]; {
		case b == 0x66, b == 0xf2, b == 0xf3, b == 0xf0, isSegmentOrAddressPrefix(b):
		case b&0xf0 == 0x40: // REX: the last prefix
			at++
			break prefixes
		default:
			break prefixes
		}
	}
	if len(code) < at+3 || code[at] != 0x0f {
		return instruction{}, false
	}
	opcode := code[at+1]
	at += 2
	switch opcode {
	case 0x01, // group 7: descriptor tables, SMSW, INVLPG; VMX, SVM, SMAP, XGETBV, SWAPGS …
		0x0d, // PREFETCHW
		0x1e, // ENDBR64, RDSSP, long NOP
		0x78, // VMREAD
		0x79, // VMWRITE
		0xae, // group 15: FXSAVE, XSAVE, fences, RDFSBASE …
		0xc7: // group 9: CMPXCHG16B, VMPTRLD …, XSAVEC, RDRAND, RDSEED, RDPID
	case 0x38:
		switch code[at] {
		case 0x80, 0x81, 0x82, // INVEPT, INVVPID, INVPCID
			0xf6: // ADCX, ADOX
		default:
			return instruction{}, false
		}
		at++
	default:
		return instruction{}, false
	}
	size, rip, disp, ok := operand(code[at:])
	if !ok {
		return instruction{}, false
	}
	return instruction{size: at + size, hasRel: rip, rel: int64(disp)}, true
}
