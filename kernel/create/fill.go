package create

// TEMPORARY: replaced by pvelf and pvbuild.

import (
	"encoding/binary"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/frame"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/machine"
	"tuco/kernel/mm"
	"tuco/kernel/pagetype"
	"tuco/kernel/pv"
)

func fill(h *lock.Holder, d *domain.Domain, s *Spec) Failure {
	var p pages
	n := s.Memory / frame.PageSize
	if !p.take(h, d, n) {
		return noMemory
	}
	elf := s.Kernel
	le := binary.LittleEndian
	phoff, phnum := le.Uint64(elf[32:]), int(le.Uint16(elf[56:]))
	var virtBase, paddrOffset, entry, hyperPage uint64
	for i := range phnum {
		ph := elf[phoff+uint64(i)*56:]
		if le.Uint32(ph) != 4 {
			continue
		}
		off, size := le.Uint64(ph[8:]), le.Uint64(ph[32:])
		for note := elf[off : off+size]; len(note) >= 12; {
			nsz, dsz, typ := uint64(le.Uint32(note)), uint64(le.Uint32(note[4:])), le.Uint32(note[8:])
			desc := note[12+(nsz+3)&^3:]
			if string(note[12:15]) == "Xen" && dsz >= 4 {
				v := uint64(le.Uint32(desc))
				if dsz >= 8 {
					v = le.Uint64(desc)
				}
				switch typ {
				case hypercall.XEN_ELFNOTE_ENTRY:
					entry = v
				case hypercall.XEN_ELFNOTE_HYPERCALL_PAGE:
					hyperPage = v
				case hypercall.XEN_ELFNOTE_VIRT_BASE:
					virtBase = v
				case hypercall.XEN_ELFNOTE_PADDR_OFFSET:
					paddrOffset = v
				}
			}
			note = desc[(dsz+3)&^3:]
		}
	}
	end := uint64(0)
	for i := range phnum {
		ph := elf[phoff+uint64(i)*56:]
		if le.Uint32(ph) != 1 {
			continue
		}
		off, pa, fsz, msz := le.Uint64(ph[8:]), le.Uint64(ph[24:])-paddrOffset, le.Uint64(ph[32:]), le.Uint64(ph[40:])
		for k := uint64(0); k < fsz; {
			to := p.Frame(frame.PFN((pa + k) >> 12))[(pa+k)&0xfff:]
			k += uint64(copy(to, elf[off+k:off+fsz]))
		}
		end = max(end, pa+msz)
	}
	at := (end + 0xfff) >> 12
	modStart, modLen := uint64(0), uint64(len(s.Ramdisk))
	if modLen > 0 {
		modStart = at
		for k := uint64(0); k < modLen; {
			k += uint64(copy(p.Frame(frame.PFN(at+k>>12)), s.Ramdisk[k:]))
		}
		at += (modLen + 0xfff) >> 12
	}
	p2m := at
	at += (n*8 + 0xfff) >> 12
	for i := range n {
		le.PutUint64(p.Frame(frame.PFN(p2m + i*8>>12))[i*8&0xfff:], uint64(p.MFN(frame.PFN(i))))
	}
	info := at
	store, cons := at+1, at+2
	at += 1
	if !d.Privileged {
		at += 2
	}
	pt := at
	var npt, top uint64
	for npt = 4; ; npt++ {
		top = (virtBase + (pt+npt+1)<<12 + 512<<10 + 4<<20 - 1) &^ (4<<20 - 1)
		l1 := (top - virtBase&^(2<<20-1) + 2<<20 - 1) >> 21
		if 3+l1 <= npt {
			break
		}
	}
	total := min((top-virtBase)>>12, n)
	stack := pt + npt
	tab := func(i uint64) *pagetype.Table { return machine.Types.Table(p.MFN(frame.PFN(pt + i))) }
	const fl = pagetype.Present | pagetype.RW | pagetype.User | pagetype.Accessed
	tab(0)[virtBase>>39&511].Store(uint64(pagetype.MakePTE(p.MFN(frame.PFN(pt+1)), fl)))
	tab(1)[virtBase>>30&511].Store(uint64(pagetype.MakePTE(p.MFN(frame.PFN(pt+2)), fl)))
	next := uint64(3)
	var l1 *pagetype.Table
	for i := range total {
		va := virtBase + i<<12
		if l1 == nil || va&(2<<20-1) == 0 {
			tab(2)[va>>21&511].Store(uint64(pagetype.MakePTE(p.MFN(frame.PFN(pt+next)), fl)))
			l1 = tab(next)
			next++
		}
		f := fl | pagetype.Dirty
		if i >= pt && i < pt+npt {
			f &^= pagetype.RW
		}
		l1[va>>12&511].Store(uint64(pagetype.MakePTE(p.MFN(frame.PFN(i)), f)))
	}
	if hyperPage != 0 {
		b := p.Frame(frame.PFN((hyperPage - virtBase) >> 12))
		for k := range 128 {
			e := b[k*32:]
			copy(e, "\x51\x41\x53\xb8....\x0f\x05\x41\x5b\x59\xc3")
			le.PutUint32(e[4:], uint32(k))
			if k == 23 {
				copy(e, "\x51\x41\x53\x50\xb8\x17\x00\x00\x00\x0f\x05")
			}
		}
	}
	b := p.Frame(frame.PFN(info))
	copy(b, "xen-3.0-x86_64")
	le.PutUint64(b[32:], n)
	le.PutUint64(b[40:], uint64(d.SharedFrame.Addr()))
	flags := uint32(0)
	if d.Privileged {
		flags = hypercall.SIF_PRIVILEGED | hypercall.SIF_INITDOMAIN
	} else {
		le.PutUint64(b[56:], uint64(p.MFN(frame.PFN(store))))
		le.PutUint64(b[72:], uint64(p.MFN(frame.PFN(cons))))
	}
	le.PutUint32(b[48:], flags)
	le.PutUint64(b[88:], virtBase+pt<<12)
	le.PutUint64(b[96:], npt)
	le.PutUint64(b[104:], virtBase+p2m<<12)
	if modLen > 0 {
		le.PutUint64(b[112:], virtBase+modStart<<12)
		le.PutUint64(b[120:], modLen)
	}
	copy(b[128:128+1023], s.Args)

	v := d.VCPUs()[0]
	root := p.MFN(frame.PFN(pt))
	for _, step := range [...]int{0, 1} {
		for {
			var c mm.Call
			machine.Begin(h, d, &c)
			var r pagetype.Result
			if step == 0 {
				r = d.Memory.Pin(&c, root, pagetype.L4)
			} else {
				r = d.Memory.SetKernelRoot(&c, 0, root)
			}
			if !machine.Settle(h, d, &c, r) {
				if r != pagetype.OK {
					klog.Errorf("create: root: %s", klog.S(r.String()))
					return noMemory
				}
				break
			}
		}
	}
	pv.Reset(h, v, &pv.Initial{RIP: entry, RSP: virtBase + (stack+1)<<12, RSI: virtBase + info<<12})
	p.free(h)
	return nil
}
