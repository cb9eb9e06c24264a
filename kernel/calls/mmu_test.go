package calls

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/kernel/machine"
	"tuco/kernel/pagetype"
)

const (
	mmuUpdateCall = hypercall.HYPERVISOR_mmu_update
	mmuextCall    = hypercall.HYPERVISOR_mmuext_op
	vaCall        = hypercall.HYPERVISOR_update_va_mapping
	vaOtherCall   = hypercall.HYPERVISOR_update_va_mapping_otherdomain

	self = uint64(hypercall.DOMID_SELF)
	bad  = 0xdead_b000 // an address where nothing is mapped
)

// slot is the machine address of an entry.
func slot(m frame.MFN, i int) uint64 { return uint64(m.Addr()) + uint64(i)*8 }

func TestMMUUpdateErrors(t *testing.T) {
	g, other := newGuest(t, false), newGuest(t, false)
	free := g.alloc()
	rw := func(m frame.MFN) uint64 { return uint64(pagetype.MakePTE(m, table)) }
	for _, test := range []struct {
		name     string
		ptr, val uint64
		want     hypercall.Errno
	}{
		{"map", slot(g.l1, 100), rw(free), 0},
		{"map read-only", slot(g.l1, 100), uint64(pagetype.MakePTE(free, leaf)), 0},
		{"map a table read-only", slot(g.l1, 101), uint64(pagetype.MakePTE(g.l2, leaf)), 0},
		{"unmap", slot(g.l1, 100), 0, 0},
		{"keep accessed and dirty", slot(g.l1, 1) | hypercall.MMU_PT_UPDATE_PRESERVE_AD, rw(g.pages[1]), 0},
		{"not translated", slot(g.l1, 100) | hypercall.MMU_PT_UPDATE_NO_TRANSLATE, rw(free), 0},
		{"write to a page", slot(free, 3), 0x1234, 0},
		{"machine to physical", uint64(free.Addr()) | hypercall.MMU_MACHPHYS_UPDATE, 77, 0},

		{"no command", slot(g.l1, 100) | 4, 0, hypercall.ENOSYS},
		{"map a table writable", slot(g.l1, 100), rw(g.l1), hypercall.EBUSY},
		{"map another domain's frame", slot(g.l1, 100), uint64(pagetype.MakePTE(other.pages[0], leaf)), hypercall.EBUSY},
		{"map the hypervisor's frame", slot(g.l1, 100), uint64(pagetype.MakePTE(hypervisorFrame, leaf)), hypercall.EBUSY},
		{"map what is no RAM", slot(g.l1, 100), rw(1 << 20), hypercall.EPERM},
		{"bits that are keys", slot(g.l1, 100), rw(free) | 1<<60, hypercall.EINVAL},
		{"an absent entry that names memory", slot(g.l1, 100), 0x5000, hypercall.EINVAL},
		{"change another domain's table", slot(other.l1, 100), 0, hypercall.EINVAL},
		{"change what is no RAM", slot(1<<20, 0), 0, hypercall.EINVAL},
		{"write beyond all memory", 1 << 60, 0, hypercall.EINVAL},
		{"a slot of the hypervisor's", slot(g.l4, 256), rw(g.l3), hypercall.EINVAL},
		{"an L3 that is an L1", slot(g.l4, 300), rw(g.l1), hypercall.EINVAL},
		{"an L3 that is a page", slot(g.l4, 300), rw(g.pages[0]), hypercall.EINVAL},
		{"another domain's L3", slot(g.l4, 300), rw(other.l3), hypercall.EINVAL},
		{"a large page", slot(g.l2, 1), rw(512) | uint64(pagetype.Large), hypercall.EINVAL},
		{"machine to physical of another's", uint64(other.l1.Addr()) | hypercall.MMU_MACHPHYS_UPDATE, 0, hypercall.EINVAL},
		{"machine to physical beyond", 1<<60 | hypercall.MMU_MACHPHYS_UPDATE, 0, hypercall.EINVAL},
	} {
		t.Run(test.name, func(t *testing.T) {
			// The second of three, so that what was done is counted.
			harmless := []uint64{slot(g.l1, 200), 0}
			g.write(0, uint32(99))
			list := g.write(64, harmless, test.ptr, test.val, harmless)
			assert.Equal(t, failed(test.want), g.call(mmuUpdateCall, list, 3, g.at(0), self))
			done := uint32(3)
			if test.want != 0 {
				done = 1
			}
			assert.Equal(t, done, read[uint32](g, 0))
		})
	}
	assert.EqualValues(t, 77, machine.M2P[free])
	assert.EqualValues(t, 0x1234, machine.Types.Table(free)[3].Load())
}

func TestMMUUpdateDomains(t *testing.T) {
	for _, test := range []struct {
		name       string
		privileged bool
		foreign    uint64
		val        pagetype.PTE
		want       hypercall.Errno
	}{
		{"the caller by its number", true, 0, 0, hypercall.ESRCH},
		{"no such domain", true, 0x3456, 0, hypercall.ESRCH},
		{"no such domain", false, 0x3456, 0, hypercall.ESRCH},
		{"tables of no such domain", true, 0x3457<<16 | self, 0, hypercall.ESRCH},
		{"own tables by number", false, 1<<16 | self, 0, 0},
		{"own tables by name", false, (self+1)<<16 | self, 0, hypercall.ESRCH},
		{"the hypervisor's frames", false, uint64(hypercall.DOMID_XEN), 0, hypercall.EPERM},
		{"a device of others", false, uint64(hypercall.DOMID_IO), pagetype.MakePTE(1<<20, leaf), hypercall.EPERM},
		{"a device", true, uint64(hypercall.DOMID_IO), pagetype.MakePTE(1<<20, leaf), 0},
		{"a device, as the domain's own", true, self, pagetype.MakePTE(1<<20, leaf), 0},
		{"RAM as a device", true, uint64(hypercall.DOMID_IO), 1 << 63, hypercall.EBUSY},
	} {
		t.Run(test.name, func(t *testing.T) {
			g := newGuest(t, test.privileged)
			foreign := test.foreign
			if foreign == 0 {
				foreign = uint64(g.d.ID)
			}
			if foreign>>16 == 1 {
				foreign = uint64(g.d.ID+1)<<16 | self
			}
			val := test.val
			if val == 1<<63 {
				val = pagetype.MakePTE(g.pages[0], leaf)
			}
			list := g.write(64, slot(g.l1, 100), uint64(val))
			assert.Equal(t, failed(test.want), g.call(mmuUpdateCall, list, 1, 0, foreign))
		})
	}
}

// A frame of another owner has no place in a table above L1.
func TestMMUUpdateForeignTable(t *testing.T) {
	g := newGuest(t, true)
	list := g.write(64, slot(g.l2, 1), uint64(0))
	assert.Equal(t, failed(hypercall.EINVAL), g.call(mmuUpdateCall, list, 1, 0, uint64(hypercall.DOMID_IO)))
}

func TestMMUUpdateList(t *testing.T) {
	g := newGuest(t, false)
	t.Run("unreachable", func(t *testing.T) {
		for _, at := range []uint64{bad, 0xffff_8300_0000_0000, 0x8000_0000_0000, g.at(8 * frame.PageSize)} {
			g.write(0, uint32(99))
			assert.Equal(t, failed(hypercall.EFAULT), g.call(mmuUpdateCall, at, 1, g.at(0), self), "%x", at)
		}
		assert.EqualValues(t, 0, read[uint32](g, 0))
	})
	t.Run("nothing", func(t *testing.T) {
		assert.Zero(t, g.call(mmuUpdateCall, 0, 0, 0, self))
	})
	t.Run("it ends where the memory does", func(t *testing.T) {
		last := uint64(8*frame.PageSize - 32)
		list := g.write(last, slot(g.l1, 200), uint64(0), slot(g.l1, 201), uint64(0))
		assert.Equal(t, failed(hypercall.EFAULT), g.call(mmuUpdateCall, list, 100, g.at(0), self))
		assert.EqualValues(t, 2, read[uint32](g, 0))
	})
	t.Run("across a page, not aligned", func(t *testing.T) {
		list := g.write(frame.PageSize-20, slot(g.l1, 200), uint64(0), slot(g.l1, 201), uint64(0), slot(g.l1, 202), uint64(0))
		assert.Zero(t, g.call(mmuUpdateCall, list, 3, g.at(0), self))
		assert.EqualValues(t, 3, read[uint32](g, 0))
	})
	t.Run("in steps", func(t *testing.T) {
		const n = 1500
		list := uint64(0)
		for i := range uint64(n) {
			at := g.write(64+16*i, slot(g.l1, 100+int(i%300)), uint64(pagetype.MakePTE(g.pages[7], leaf)))
			if i == 0 {
				list = at
			}
		}
		assert.Zero(t, g.call(mmuUpdateCall, list, n, g.at(0), self))
		assert.EqualValues(t, n, read[uint32](g, 0))
		assert.Greater(t, g.steps, 1)
	})
	t.Run("more than there can be", func(t *testing.T) {
		g.write(0, uint32(99))
		list := g.write(7*frame.PageSize, make([]byte, frame.PageSize))
		assert.Equal(t, failed(hypercall.EINVAL), g.call(mmuUpdateCall, list, 1<<32-1, g.at(0), self))
		assert.EqualValues(t, 0, read[uint32](g, 0))
	})
	t.Run("nowhere to say how many", func(t *testing.T) {
		list := g.write(64, slot(g.l1, 200), uint64(0))
		assert.Zero(t, g.call(mmuUpdateCall, list, 1, bad, self))
	})
}

func TestUpdateVAMapping(t *testing.T) {
	g, other := newGuest(t, true), newGuest(t, false)
	free := g.alloc()
	va := g.at(100 * frame.PageSize)
	rw := uint64(pagetype.MakePTE(free, table))
	all := uint64(hypercall.UVMF_ALL | hypercall.UVMF_TLB_FLUSH)
	assert.Zero(t, g.call(vaCall, va, rw, 0))
	assert.Equal(t, pagetype.PTE(rw), g.entry(g.l1, 100))
	assert.Zero(t, g.call(vaCall, va, rw, 3), "no kind of flush")
	assert.Zero(t, g.call(vaCall, va, 0, all))
	assert.Zero(t, g.entry(g.l1, 100))
	mask := g.write(8, ^uint64(0))
	assert.Zero(t, g.call(vaCall, va, rw, mask|1))
	assert.Equal(t, failed(hypercall.EFAULT), g.call(vaCall, va, 0, bad|1))
	assert.Zero(t, g.entry(g.l1, 100), "the entry has changed")
	assert.Equal(t, failed(hypercall.EBUSY), g.call(vaCall, va, uint64(pagetype.MakePTE(g.l1, table)), 0))
	for _, nowhere := range []uint64{0, 0xffff_8000_0000_0000, 0xffff_8080_0000_0000, 1 << 47, uint64(base) + 1<<21} {
		assert.Equal(t, failed(hypercall.EINVAL), g.call(vaCall, nowhere, 0, 0), "%x", nowhere)
	}
	assert.Equal(t, failed(hypercall.ESRCH), g.call(vaOtherCall, va, rw, 0, uint64(g.d.ID)))
	assert.Equal(t, failed(hypercall.ESRCH), g.call(vaOtherCall, va, rw, 0, 0x3456))
	assert.Zero(t, g.call(vaOtherCall, va, rw, 0, self))
	assert.Equal(t, failed(hypercall.EPERM), other.call(vaOtherCall, va, rw, 0, uint64(hypercall.DOMID_XEN)))
	assert.Zero(t, g.call(vaOtherCall, va, uint64(pagetype.MakePTE(1<<20, leaf)), 0, uint64(hypercall.DOMID_IO)))
}

func TestMMUExtOp(t *testing.T) {
	g, other := newGuest(t, false), newGuest(t, false)
	empty, page := g.alloc(), g.alloc()
	machine.Types.Table(page)[5].Store(0x77)
	one := func(cmd uint32, a1, a2 uint64) int64 {
		g.write(0, uint32(99))
		list := g.write(64, hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_TLB_FLUSH_ALL}, hypercall.MMUExtOp{Cmd: cmd, Arg1: a1, Arg2: a2})
		r := g.call(mmuextCall, list, 2, g.at(0), self)
		done := uint32(2)
		if r != 0 {
			done = 1
		}
		assert.Equal(t, done, read[uint32](g, 0), "%d", cmd)
		return r
	}
	mask := g.write(8, ^uint64(0))
	for _, test := range []struct {
		name   string
		cmd    uint32
		a1, a2 uint64
		want   hypercall.Errno
	}{
		{"pin", hypercall.MMUEXT_PIN_L1_TABLE, uint64(empty), 0, 0},
		{"pin again", hypercall.MMUEXT_PIN_L1_TABLE, uint64(empty), 0, hypercall.EINVAL},
		{"pin at another level", hypercall.MMUEXT_PIN_L2_TABLE, uint64(empty), 0, hypercall.EINVAL},
		{"clear a table", hypercall.MMUEXT_CLEAR_PAGE, uint64(empty), 0, hypercall.EINVAL},
		{"copy to a table", hypercall.MMUEXT_COPY_PAGE, uint64(empty), uint64(page), hypercall.EINVAL},
		{"unpin", hypercall.MMUEXT_UNPIN_TABLE, uint64(empty), 0, 0},
		{"unpin again", hypercall.MMUEXT_UNPIN_TABLE, uint64(empty), 0, hypercall.EINVAL},
		{"unpin a page", hypercall.MMUEXT_UNPIN_TABLE, uint64(page), 0, hypercall.EINVAL},
		{"pin a mapped page", hypercall.MMUEXT_PIN_L4_TABLE, uint64(g.pages[0]), 0, hypercall.EINVAL},
		{"pin another's frame", hypercall.MMUEXT_PIN_L1_TABLE, uint64(other.pages[0]), 0, hypercall.EINVAL},
		{"pin what is no RAM", hypercall.MMUEXT_PIN_L1_TABLE, 1 << 50, 0, hypercall.EINVAL},
		{"pin no frame at all", hypercall.MMUEXT_PIN_L1_TABLE, ^uint64(0), 0, hypercall.EINVAL},
		{"clear", hypercall.MMUEXT_CLEAR_PAGE, uint64(empty), 0, 0},
		{"copy", hypercall.MMUEXT_COPY_PAGE, uint64(empty), uint64(page), 0},
		{"copy a table", hypercall.MMUEXT_COPY_PAGE, uint64(page), uint64(g.l1), 0},
		{"copy another's frame", hypercall.MMUEXT_COPY_PAGE, uint64(empty), uint64(other.pages[0]), hypercall.EINVAL},
		{"copy to another's frame", hypercall.MMUEXT_COPY_PAGE, uint64(other.pages[0]), uint64(empty), hypercall.EINVAL},
		{"copy from nowhere", hypercall.MMUEXT_COPY_PAGE, uint64(empty), ^uint64(0), hypercall.EINVAL},
		{"flush some", hypercall.MMUEXT_TLB_FLUSH_MULTI, 0, mask, 0},
		{"flush by no bitmap", hypercall.MMUEXT_TLB_FLUSH_MULTI, 0, bad, hypercall.EINVAL},
		{"flush a page by no bitmap", hypercall.MMUEXT_INVLPG_MULTI, g.at(0), bad, hypercall.EINVAL},
		{"flush a page that is not the guest's", hypercall.MMUEXT_INVLPG_ALL, 0xffff_8000_0000_0000, 0, 0},
		{"flush a page nowhere", hypercall.MMUEXT_INVLPG_LOCAL, 1 << 47, 0, 0},
		{"caches", hypercall.MMUEXT_FLUSH_CACHE, 0, 0, hypercall.EACCES},
		{"all caches", hypercall.MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0, hypercall.EINVAL},
		{"root: a page", hypercall.MMUEXT_NEW_BASEPTR, uint64(g.pages[0]), 0, hypercall.EINVAL},
		{"root: none", hypercall.MMUEXT_NEW_BASEPTR, 0, 0, hypercall.EINVAL},
		{"root: the number of none", hypercall.MMUEXT_NEW_BASEPTR, ^uint64(0), 0, hypercall.EINVAL},
		{"user root: a lower table", hypercall.MMUEXT_NEW_USER_BASEPTR, uint64(g.l3), 0, hypercall.EINVAL},
		{"user root: the number of none", hypercall.MMUEXT_NEW_USER_BASEPTR, ^uint64(0), 0, hypercall.EINVAL},
		{"LDT too long", hypercall.MMUEXT_SET_LDT, g.at(0), 8193, hypercall.EINVAL},
		{"LDT not aligned", hypercall.MMUEXT_SET_LDT, g.at(8), 1, hypercall.EINVAL},
		{"LDT in the hypervisor", hypercall.MMUEXT_SET_LDT, 0xffff_8080_0000_0000, 1, hypercall.EINVAL},
		{"superpages", hypercall.MMUEXT_MARK_SUPER, 0, 0, hypercall.EOPNOTSUPP},
		{"no superpages", hypercall.MMUEXT_UNMARK_SUPER, 0, 0, hypercall.EOPNOTSUPP},
		{"no such operation", 14, 0, 0, hypercall.ENOSYS},
		{"nothing like it", 1 << 31, 0, 0, hypercall.ENOSYS},
	} {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, failed(test.want), one(test.cmd, test.a1, test.a2))
		})
	}
	assert.EqualValues(t, 0x77, machine.Types.Table(empty)[5].Load(), "copied")
	assert.Equal(t, uint64(g.entry(g.l1, 3)), machine.Types.Table(page)[3].Load(), "copied")

	list := g.write(64, hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_TLB_FLUSH_ALL})
	assert.Equal(t, failed(hypercall.EFAULT), g.call(mmuextCall, bad, 1, 0, self))
	assert.Equal(t, failed(hypercall.ESRCH), g.call(mmuextCall, list, 1, 0, uint64(g.d.ID)))
	assert.Equal(t, failed(hypercall.ESRCH), g.call(mmuextCall, list, 1, 0, 0x3456))
	assert.Equal(t, failed(hypercall.EPERM), g.call(mmuextCall, list, 1, 0, uint64(hypercall.DOMID_IO)))
}

// An entry of a table that is pinned is refused like an entry by itself.
func TestPinRefusesEntries(t *testing.T) {
	g, other := newGuest(t, false), newGuest(t, false)
	for _, test := range []struct {
		name string
		e    pagetype.PTE
		want hypercall.Errno
	}{
		{"a table, writable", pagetype.MakePTE(g.l2, table), hypercall.EBUSY},
		{"itself, writable", 0, hypercall.EBUSY},
		{"another's", pagetype.MakePTE(other.pages[0], leaf), hypercall.EBUSY},
		{"what is no RAM", pagetype.MakePTE(1<<20, leaf), hypercall.EPERM},
		{"bits that are keys", pagetype.MakePTE(g.pages[0], leaf) | 1<<60, hypercall.EINVAL},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := g.alloc()
			if test.e == 0 {
				test.e = pagetype.MakePTE(m, table)
			}
			g.set(m, 7, test.e)
			list := g.write(64, hypercall.MMUExtOp{Cmd: hypercall.MMUEXT_PIN_L1_TABLE, Arg1: uint64(m)})
			assert.Equal(t, failed(test.want), g.call(mmuextCall, list, 1, 0, self))
		})
	}
}
