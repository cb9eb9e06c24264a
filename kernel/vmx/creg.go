package vmx

import (
	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// register says how a guest's CR0 or CR4 differs from what it believes: the
// bits that it owns are real, of the others it reads a shadow, and a write
// that would change the shadow exits.
//
// SDM vol. 3, "Guest/Host Masks and Read Shadows for CR0 and CR4".
type register struct {
	owned uint64 // by the hypervisor
	ones  uint64 // set for real while the guest runs, whatever it believes
	may   uint64 // what may be set for real
}

// real is the register's value in the CPU for what the guest believes.
func (r register) real(v uint64) uint64 { return (v | r.ones) & r.may }

// seen is what the guest reads.
func (r register) seen(real, shadow uint64) uint64 {
	return real&^r.owned | shadow&r.owned
}

const allBits = ^uint64(0)

// cr0Policy owns what the CPU insists on and the bits that would switch the
// CPU's caches off for everybody.
func cr0Policy(s *exit.Setup, c *Caps) register {
	const caching = x86.CR0CD | x86.CR0NW
	r := register{ones: c.cr0.ones, may: c.cr0.may &^ caching}
	if s.Paging == exit.Nested && c.Has(FeatureUnrestricted) {
		r.ones &^= x86.CR0PE | x86.CR0PG
	}
	r.owned = r.ones | ^c.cr0.may | caching
	if s.CRWrite&(1<<0) != 0 {
		r.owned = allBits
	}
	return r
}

// cr4Policy owns what the CPU insists on, and keeps machine checks enabled:
// one that comes while the guest runs is the host's.
func cr4Policy(s *exit.Setup, c *Caps) register {
	r := register{ones: c.cr4.ones | x86.CR4MCE, may: c.cr4.may}
	r.owned = r.ones | ^c.cr4.may
	if s.CRWrite&(1<<4) != 0 {
		r.owned = allBits
	}
	return r
}

// CR reads control register 0, 2, 3, 4 or 8 as the guest would.
func (g *Guest) CR(n uint8) uint64 {
	switch n {
	case 0:
		return g.cr0.seen(get(GuestCR0), get(CtlCR0Shadow))
	case 2:
		return g.cr2
	case 3:
		return get(GuestCR3)
	case 4:
		return g.cr4.seen(get(GuestCR4), get(CtlCR4Shadow))
	default:
		return g.cr8
	}
}

// SetCR writes control register 0, 2, 3, 4 or 8.
func (g *Guest) SetCR(n uint8, v uint64) {
	switch n {
	case 0:
		put(GuestCR0, g.cr0.real(v))
		put(CtlCR0Shadow, v)
	case 2:
		g.cr2 = v
	case 3:
		put(GuestCR3, v)
	case 4:
		put(GuestCR4, g.cr4.real(v))
		put(CtlCR4Shadow, v)
	default:
		g.cr8 = v
	}
}

// SetCR3 sets the root of the page tables.
func (g *Guest) SetCR3(v uint64) { put(GuestCR3, v) }

// EFER is the guest's extended feature register.
func (g *Guest) EFER() uint64 { return get(GuestEFER) }

// SetEFER sets it. VT-x wants to be told a second time whether long mode is
// active.
func (g *Guest) SetEFER(v uint64) {
	put(GuestEFER, v)
	entry := g.entry &^ entryGuest64
	if v&x86.EFERLMA != 0 {
		entry |= entryGuest64
	}
	g.entry = entry
	put(CtlEntry, uint64(entry))
}
