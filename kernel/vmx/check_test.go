package vmx

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// longModeState is a state that entries accept.
func longModeState() entryState {
	s := entryState{
		cr0: x86.CR0PE | x86.CR0NE | x86.CR0PG, cr4: x86.CR4PAE | x86.CR4VMXE,
		efer: x86.EFERLME | x86.EFERLMA, entry: entryGuest64,
		rflags: flagsOne | x86.FlagIF, link: noLink,
	}
	for r := range exit.SegmentRegisters {
		s.access[r] = accessUnusable
	}
	s.access[exit.CS], s.limits[exit.CS] = 0xa09b, 0xffff_ffff
	s.access[exit.TR], s.limits[exit.TR] = 0x8b, 0x67
	return s
}

func TestAcceptableStateBreaksNoRule(t *testing.T) {
	s := longModeState()
	assert.Empty(t, s.broken(capsWithFixed()))
}

func TestEachBrokenRuleIsNamed(t *testing.T) {
	for want, spoil := range map[string]func(*entryState){
		"CR0 has a bit":          func(s *entryState) { s.cr0 &^= x86.CR0NE },
		"CR4 has a bit":          func(s *entryState) { s.cr4 &^= x86.CR4VMXE },
		"CR0.PG or CR4.PAE":      func(s *entryState) { s.cr4 &^= x86.CR4PAE },
		"entry control":          func(s *entryState) { s.efer = 0 },
		"EFER.LME":               func(s *entryState) { s.efer = x86.EFERLMA },
		"link pointer":           func(s *entryState) { s.link = 0 },
		"base is not canonical":  func(s *entryState) { s.idt = 1 << 63 },
		"RIP is not canonical":   func(s *entryState) { s.rip = 1 << 50 },
		"RFLAGS":                 func(s *entryState) { s.rflags = 0 },
		"interrupt is injected":  func(s *entryState) { s.event, s.rflags = eventValid|0x20, flagsOne },
		"TR is unusable":         func(s *entryState) { s.access[exit.TR] |= accessUnusable },
		"busy TSS":               func(s *entryState) { s.access[exit.TR] = 0x89 },
		"TR's selector":          func(s *entryState) { s.selectors[exit.TR] = 0x1c },
		"CS is unusable":         func(s *entryState) { s.access[exit.CS] = accessUnusable },
		"both L and D":           func(s *entryState) { s.access[exit.CS] |= 1 << 14 },
		"privilege levels of CS": func(s *entryState) { s.access[exit.SS] |= 3 << 5 },
		"requested privilege":    func(s *entryState) { s.selectors[exit.CS] = 3 },
		"granularity":            func(s *entryState) { s.limits[exit.CS] = 0x67 },
		"accessed":               func(s *entryState) { s.access[exit.CS] &^= 1 },
	} {
		s := longModeState()
		spoil(&s)
		assert.Contains(t, s.broken(capsWithFixed()), want)
	}
}
