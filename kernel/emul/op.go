package emul

// Op is what an instruction does, whatever its encoding.
type Op uint8

// The operations that are emulated. Invalid is zero, so that what the tables
// leave out is refused.
const (
	Invalid Op = iota

	// For Execute.
	ReadCR
	WriteCR
	ReadDR
	WriteDR
	CLTS
	INVD
	WBINVD
	INVLPG
	RDMSR
	WRMSR
	RDTSC
	RDTSCP
	RDPMC
	XGETBV
	XSETBV
	CPUID
	HLT
	CLI
	STI
	IN
	OUT
	INS
	OUTS

	// For Propose. ADD to XOR stand in the order in which opcodes number them;
	// the eighth, CMP, writes nothing.
	ADD
	OR
	ADC
	SBB
	AND
	SUB
	XOR
	MOV
	STOS
	MOVS
	XCHG
	CMPXCHG
	BTS
	BTR
	BTC

	Ops // how many there are

	// group stands in the opcode tables where ModRM selects the operation.
	group
)

var opNames = [Ops]string{
	Invalid: "invalid",
	ReadCR:  "mov from CR", WriteCR: "mov to CR", ReadDR: "mov from DR", WriteDR: "mov to DR",
	CLTS: "clts", INVD: "invd", WBINVD: "wbinvd", INVLPG: "invlpg", RDMSR: "rdmsr", WRMSR: "wrmsr",
	RDTSC: "rdtsc", RDTSCP: "rdtscp", RDPMC: "rdpmc", XGETBV: "xgetbv", XSETBV: "xsetbv", CPUID: "cpuid",
	HLT: "hlt", CLI: "cli", STI: "sti", IN: "in", OUT: "out", INS: "ins", OUTS: "outs",
	ADD: "add", OR: "or", ADC: "adc", SBB: "sbb", AND: "and", SUB: "sub", XOR: "xor",
	MOV: "mov", STOS: "stos", MOVS: "movs", XCHG: "xchg", CMPXCHG: "cmpxchg",
	BTS: "bts", BTR: "btr", BTC: "btc",
}

// String is the operation as the trace shows it.
func (o Op) String() string {
	if o < Ops {
		return opNames[o]
	}
	return "impossible operation"
}

// writesMemory tells whether the operation is one for Propose.
func (o Op) writesMemory() bool { return o >= ADD && o <= BTC }

// isString tells whether the operation moves RSI or RDI along, and repeats.
func (o Op) isString() bool { return o == INS || o == OUTS || o == STOS || o == MOVS }

// testsBit tells whether the register operand is the number of a bit.
func (o Op) testsBit() bool { return o >= BTS && o <= BTC }
