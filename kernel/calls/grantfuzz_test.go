package calls

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
)

// FuzzGrants has two domains do with grants whatever the input says. None of it is a bug, no
// status is positive, and when both have come to their ends, in either order, nothing is left.
func FuzzGrants(f *testing.F) {
	for _, seed := range []string{"", "grant map unmap copy", "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(fuzzGrants)
}

func fuzzGrants(t *testing.T, input []byte) {
	p := newPair(t)
	x := &grantFuzz{p: p, in: source(input)}
	for n := 0; n < 100 && len(x.in) > 0; n++ {
		x.step()
	}
	if x.in.pick(2) == 0 {
		p.granter.end()
	}
	p.user.end()
	p.granter.end()
	assert.Zero(t, p.user.d.Pages.Load())
	assert.Zero(t, p.granter.d.Pages.Load())
}

// XSA-316: the same with much random input. A status is an error or nothing, never a positive number.
func TestXSA316GrantsAtRandom(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		input := make([]byte, 1000)
		for i := range input {
			input[i] = byte(r.Uint32())
		}
		t.Run("", func(t *testing.T) { fuzzGrants(t, input) })
	}
}

type grantFuzz struct {
	p  *pair
	in source
}

func (x *grantFuzz) status(s hypercall.GrantStatus) {
	if s > 0 || s < hypercall.GNTST_no_space {
		x.p.t.Fatalf("status %d", s)
	}
}

// place is where something may be mapped, by either way to say it.
func (x *grantFuzz) place(flags uint32) uint64 {
	n := room0 + x.in.pick(4)
	if flags&hypercall.GNTMAP_contains_pte != 0 {
		return slot([]frame.MFN{x.p.user.l1, x.p.user.l1, x.p.user.l2, x.p.granter.l1}[x.in.pick(4)], n) + []uint64{0, 0, 0, 4}[x.in.pick(4)]
	}
	return window(n)
}

func (x *grantFuzz) ref() hypercall.GrantRef {
	return []hypercall.GrantRef{8, 9, 10, 600}[x.in.pick(4)]
}

// anybodys is a frame of either domain's, not one that the tests themselves need.
func (x *grantFuzz) anybodys() frame.MFN {
	g := []*guest{x.p.granter, x.p.user}[x.in.pick(2)]
	return append([]frame.MFN{g.l1, g.l2, hypervisorFrame, 1<<32 - 1}, g.pages[1:]...)[x.in.pick(11)]
}

func (x *grantFuzz) step() {
	p := x.p
	switch x.in.pick(9) {
	case 0, 1:
		flags := []uint16{hypercall.GTF_permit_access, hypercall.GTF_permit_access, hypercall.GTF_permit_access | hypercall.GTF_readonly, 0xffff, 0}[x.in.pick(5)]
		p.write(x.ref()%512, flags, []hypercall.DomID{p.user.d.DomID(), p.granter.d.DomID()}[x.in.pick(2)], x.anybodys())
	case 2, 3:
		flags := []uint32{hostMap, hostMap, deviceMap, hostMap | deviceMap, 0}[x.in.pick(5)] |
			[]uint32{0, hypercall.GNTMAP_readonly, hypercall.GNTMAP_contains_pte, 7 << 16}[x.in.pick(4)]
		x.status(one(p.user, hypercall.GNTTABOP_map_grant_ref, hypercall.GnttabMapGrantRef{
			HostAddr: x.place(flags), Flags: flags, Ref: x.ref(), Dom: p.granter.d.DomID(),
		}).Status)
	case 4:
		op := hypercall.GnttabUnmapGrantRef{Handle: hypercall.GrantHandle(x.in.pick(6)), HostAddr: x.place(uint32(x.in.pick(2)) * hypercall.GNTMAP_contains_pte)}
		op.HostAddr *= uint64(x.in.pick(2))
		op.DevBusAddr = []uint64{0, uint64(x.anybodys().Addr())}[x.in.pick(2)]
		x.status(one(p.user, hypercall.GNTTABOP_unmap_grant_ref, op).Status)
	case 5:
		x.status(one(p.user, hypercall.GNTTABOP_unmap_and_replace, hypercall.GnttabUnmapAndReplace{
			Handle: hypercall.GrantHandle(x.in.pick(6)), HostAddr: x.place(0), NewAddr: []uint64{x.place(0), window(5), 0}[x.in.pick(3)],
		}).Status)
	case 6:
		end := func(isRef bool) hypercall.GnttabCopyPtr {
			if isRef {
				return p.granted(uint64(x.ref()), uint16(x.in.pick(5)*1024))
			}
			return own(x.anybodys(), uint16(x.in.pick(5)*1024))
		}
		flags := x.in.pick(4)
		op := hypercall.GnttabCopy{Source: end(flags&fromRef != 0), Dest: end(flags&toRef != 0), Len: uint16(x.in.pick(6) * 1024), Flags: uint16(flags)}
		x.status(one(p.user, hypercall.GNTTABOP_copy, op).Status)
	case 7:
		x.status(one(p.granter, hypercall.GNTTABOP_swap_grant_ref, hypercall.GnttabSwapGrantRef{RefA: x.ref(), RefB: x.ref()}).Status)
	case 8:
		g := []*guest{p.granter, p.user}[x.in.pick(2)]
		e := []pagetype.PTE{0, pagetype.MakePTE(x.anybodys(), table), pagetype.MakePTE(x.anybodys(), leaf)}[x.in.pick(3)]
		switch x.in.pick(3) {
		case 0:
			g.update(g.l1, room0+x.in.pick(4), e)
		case 1:
			g.extended(hypercall.MMUEXT_PIN_L1_TABLE, g.pages[6+x.in.pick(2)])
		case 2:
			g.extended(hypercall.MMUEXT_UNPIN_TABLE, g.pages[6+x.in.pick(2)])
		}
	}
	if p.user.d.Pages.Load() < 0 || machine.Ended.Load() != 0 {
		p.t.Fatal("a domain has come to its end")
	}
}
