package vmx

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// capsWithFixed has what every VT-x CPU up to now says of CR0 and CR4.
func capsWithFixed() *Caps {
	return &Caps{
		cr0: fixed{ones: x86.CR0PE | x86.CR0NE | x86.CR0PG, may: 0xffff_ffff},
		cr4: fixed{ones: x86.CR4VMXE, may: 0x37_67ff},
	}
}

func TestGuestReadsTheControlRegistersThatItWrote(t *testing.T) {
	c := capsWithFixed()
	for _, s := range []exit.Setup{{}, {CRWrite: 1<<0 | 1<<4}, {Paging: exit.Nested}} {
		for _, v := range []uint64{0, x86.CR0PE | x86.CR0PG, x86.CR0CD, x86.CR0PE | x86.CR0TS | x86.CR0WP} {
			r := cr0Policy(&s, c)
			assert.Equal(t, v, r.seen(r.real(v), v), "CR0 %#x", v)
			assert.True(t, c.cr0.accepts(r.real(v)), "CR0 %#x", v)
		}
		for _, v := range []uint64{0, x86.CR4PAE, x86.CR4PAE | x86.CR4PGE | x86.CR4VMXE} {
			r := cr4Policy(&s, c)
			assert.Equal(t, v, r.seen(r.real(v), v), "CR4 %#x", v)
			assert.True(t, c.cr4.accepts(r.real(v)), "CR4 %#x", v)
		}
	}
}

func TestGuestCanNotReachWhatIsTheHosts(t *testing.T) {
	c := capsWithFixed()
	r := cr0Policy(&exit.Setup{}, c)
	assert.NotZero(t, r.owned&x86.CR0CD, "a guest must not switch the caches off")
	assert.Zero(t, r.real(x86.CR0CD|x86.CR0NW)&(x86.CR0CD|x86.CR0NW))
	r = cr4Policy(&exit.Setup{}, c)
	assert.NotZero(t, r.owned&x86.CR4MCE)
	assert.NotZero(t, r.real(0)&x86.CR4MCE, "machine checks stay enabled")
	assert.NotZero(t, r.owned&(1<<23), "a bit that the CPU does not have must exit and not fault the host")
}

func TestInterceptedRegisterIsOwnedWhole(t *testing.T) {
	c := capsWithFixed()
	s := &exit.Setup{CRWrite: 1<<0 | 1<<4}
	assert.Equal(t, allBits, cr0Policy(s, c).owned)
	assert.Equal(t, allBits, cr4Policy(s, c).owned)
}

func TestUnrestrictedGuestMayLeaveProtectedMode(t *testing.T) {
	c := capsWithFixed()
	c.allowed[ControlSecondary] = Range(uint64(secEPT|secUnrestricted) << 32)
	c.eptVPID = usableEPT
	r := cr0Policy(&exit.Setup{Paging: exit.Nested}, c)
	assert.Zero(t, r.real(0)&(x86.CR0PE|x86.CR0PG))
	r = cr0Policy(&exit.Setup{Paging: exit.Direct}, c)
	assert.NotZero(t, r.real(0)&x86.CR0PG)
}
