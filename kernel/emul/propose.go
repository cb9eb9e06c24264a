package emul

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// entrySize is that of a page-table entry, in bytes.
const entrySize = 8

// Update is a write to a page-table entry that an instruction asks for.
type Update struct {
	Address  frame.VAddr // of the entry: a multiple of 8
	Old, New uint64
	// Compare: New was computed from Old, so it is to be written only if the
	// entry still holds Old, in one atomic step. If it does not, the guest simply
	// runs its instruction again. Otherwise New replaces whatever is there.
	Compare bool

	next   State // behind the instruction
	result Result
}

// Commit moves the state on, once the entry has been written.
func (u *Update) Commit(s *State) Result {
	*s = u.next
	return u.result
}

// Propose computes what an instruction that faulted on a write to a page table
// would write. fault is the address that the processor reported.
//
//   - Wanted: validate the Update and write it, then Commit.
//   - Done: nothing is to be written (CMPXCHG found another value) and the state
//     has moved on.
//   - Raise: an operand can't be read.
//   - NotEmulated: not an instruction that writes memory; or it does not write to
//     fault, or reaches beyond one entry.
func Propose(i *Instruction, s *State, fault frame.VAddr, g Guest) (u Update, r Result) {
	if !s.Long || !i.Op.writesMemory() || i.exhausted(s) {
		return u, Result{}
	}
	var a frame.VAddr
	if i.Op.isString() {
		a = i.destination(s)
	} else {
		a = i.Address(s)
	}
	in := uint64(a) % entrySize
	if !usable(a, i.Size) || in+uint64(i.Size) > entrySize ||
		fault-a >= frame.VAddr(i.Size) { // also true of a fault below a, by wrapping around
		return u, Result{}
	}
	u.Address = a - frame.VAddr(in)
	var e Exception
	var ok bool
	if u.Old, e, ok = g.Load(u.Address, entrySize); !ok {
		return u, Result{Verdict: Raise, Exception: e}
	}
	source := i.Immediate
	switch {
	case i.Op == MOVS:
		from := i.source(s)
		if !usable(from, i.Size) {
			return u, raise(x86.VectorGP)
		}
		if source, e, ok = g.Load(from, i.Size); !ok {
			return u, Result{Verdict: Raise, Exception: e}
		}
	case i.Op == STOS:
		source = s.register(exit.RAX, false, i.Size)
	case !i.HasImmediate:
		source = s.register(i.Reg, i.High, i.Size)
	}
	u.next = *s
	shift := 8 * in
	value, write := i.modify(&u.next, u.Old>>shift&mask(i.Size), source)
	if i.Op.isString() {
		u.result = i.advance(&u.next)
	} else {
		u.result = u.next.finish(i)
	}
	if !write {
		return u, u.Commit(s)
	}
	u.New = u.Old&^(mask(i.Size)<<shift) | value&mask(i.Size)<<shift
	u.Compare = i.Size != entrySize || i.Op != MOV && !i.Op.isString()
	return u, Result{Verdict: Wanted}
}

// modify is the operation itself: the new value of a memory operand, whether
// it is written, and what becomes of registers and flags.
func (i *Instruction) modify(s *State, old, source uint64) (value uint64, write bool) {
	switch i.Op {
	case MOV, STOS, MOVS:
		return source, true
	case XCHG:
		s.setRegister(i.Reg, i.High, i.Size, old)
		return source, true
	case CMPXCHG:
		var difference uint64
		difference, s.Flags = arithmetic(SUB, s.register(exit.RAX, false, i.Size), old, i.Size, s.Flags)
		if difference != 0 {
			s.setRegister(exit.RAX, false, i.Size, old)
			return 0, false
		}
		return source, true
	case BTS, BTR, BTC:
		bit := uint64(1) << (source & (8*uint64(i.Size) - 1) & 63)
		s.Flags &^= x86.FlagCF
		if old&bit != 0 {
			s.Flags |= x86.FlagCF
		}
		switch i.Op {
		case BTS:
			return old | bit, true
		case BTR:
			return old &^ bit, true
		}
		return old ^ bit, true
	}
	value, s.Flags = arithmetic(i.Op, old, source, i.Size, s.Flags)
	return value, true
}
