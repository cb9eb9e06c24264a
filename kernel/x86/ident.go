package x86

// Ident is who made the processor and what it calls itself.
type Ident struct {
	Vendor                  [12]byte // as in "GenuineIntel"
	Family, Model, Stepping uint32   // extended parts added
	brand                   [48]byte
}

// Identify asks CPUID. APM vol. 3, "Processor Name String".
func Identify() Ident {
	var id Ident
	maxLeaf, b, c, d := CPUID(0, 0)
	put(id.Vendor[0:], b)
	put(id.Vendor[4:], d)
	put(id.Vendor[8:], c)
	if maxLeaf >= 1 {
		a, _, _, _ := CPUID(1, 0)
		id.Stepping = a & 0xf
		id.Model = a >> 4 & 0xf
		id.Family = a >> 8 & 0xf
		if id.Family == 6 || id.Family == 15 {
			id.Model |= a >> 12 & 0xf0
		}
		if id.Family == 15 {
			id.Family += a >> 20 & 0xff
		}
	}
	if maxExt, _, _, _ := CPUID(0x8000_0000, 0); maxExt >= 0x8000_0004 {
		for i := range uint32(3) {
			a, b, c, d := CPUID(0x8000_0002+i, 0)
			put(id.brand[16*i:], a)
			put(id.brand[16*i+4:], b)
			put(id.brand[16*i+8:], c)
			put(id.brand[16*i+12:], d)
		}
	}
	return id
}

// Brand is the processor's marketing name, without the blanks around it.
func (id *Ident) Brand() []byte {
	from, to := 0, 0
	for i, c := range id.brand {
		if c == 0 {
			break
		}
		if c != ' ' {
			to = i + 1
		} else if to == 0 {
			from = i + 1
		}
	}
	if from > to {
		from = to
	}
	return id.brand[from:to]
}

func put(to []byte, v uint32) {
	to[0], to[1], to[2], to[3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
}

// Features of CPUID leaves 1, 7 and 0x80000001 that the hypervisor uses.
type Features struct {
	PGE, MCE             bool
	SMEP, FSGSBASE, UMIP bool
	HugePages            bool
}

// Probe asks CPUID.
func Probe() Features {
	var f Features
	maxLeaf, _, _, _ := CPUID(0, 0)
	_, _, _, d := CPUID(1, 0)
	f.PGE = d>>13&1 != 0
	f.MCE = d>>7&1 != 0
	if maxLeaf >= 7 {
		_, b, c, _ := CPUID(7, 0)
		f.FSGSBASE = b>>0&1 != 0
		f.SMEP = b>>7&1 != 0
		f.UMIP = c>>2&1 != 0
	}
	maxExt, _, _, _ := CPUID(0x8000_0000, 0)
	if maxExt >= 0x8000_0001 {
		_, _, _, d := CPUID(0x8000_0001, 0)
		f.HugePages = d>>26&1 != 0
	}
	return f
}

// Prepare sets this CPU's control registers as the hypervisor runs: write
// protection, global pages, SMEP where there are any. XSAVE is for guests: package
// container turns it on.
//
// SMAP stays clear. The hypervisor's page tables have no user page for it to guard,
// and paravirtual guests run without: a CR4 that differs in it between the two has
// QEMU drop all its TLB's entries twice more at every exit, a quarter of its cost.
func Prepare(f *Features) {
	WriteCR0(ReadCR0()&^(CR0EM|CR0TS|CR0CD|CR0NW) | CR0WP | CR0NE | CR0MP)
	cr4 := ReadCR4() | CR4OSFXSR | CR4OSXMMEXCPT | CR4DE
	for _, bit := range [...]struct {
		have bool
		bit  uint64
	}{
		{f.PGE, CR4PGE}, {f.MCE, CR4MCE}, {f.SMEP, CR4SMEP},
		{f.FSGSBASE, CR4FSGSBASE}, {f.UMIP, CR4UMIP},
	} {
		if bit.have {
			cr4 |= bit.bit
		}
	}
	WriteCR4(cr4)
}
