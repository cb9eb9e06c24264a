package svm

import (
	"tuco/kernel/exit"
	"tuco/kernel/frame"
	"tuco/kernel/x86"
)

// Bits of EXITINFO1 for the exits of that name.
const (
	infoIOIn     = 1 << 0
	infoIOString = 1 << 2
	infoIORepeat = 1 << 3
	infoIOSize   = 4 // shift: one bit for each of 1, 2, 4 bytes

	infoCRMove = 1 << 63 // decode assists: a plain MOV; its register in bits 0 to 3

	infoFaultPresent = 1 << 0 // of a nested page fault
	infoFaultWrite   = 1 << 1
	infoFaultFetch   = 1 << 4
	infoFaultWalk    = 1 << 33
)

// Decode says more about the last exit.
func (g *Guest) Decode(info *exit.Info, fetch exit.Fetch) { g.vmcb.decode(info, fetch) }

// Exception says what an exit for an exception was for: see container.Exception.
func (g *Guest) Exception() (vector x86.Vector, errorCode uint32, linear frame.VAddr) {
	c := &g.vmcb.control
	return x86.Vector(code(c.exitCode) - codeException), uint32(c.exitInfo[0]), frame.VAddr(c.exitInfo[1])
}

func (v *vmcb) decode(info *exit.Info, fetch exit.Fetch) {
	c := &v.control
	*info = exit.Info{
		Reason: v.reason(), Raw: c.exitCode,
		Qualification: [2]uint64{c.exitInfo[0], c.exitInfo[1]},
	}
	n := code(c.exitCode)
	switch info.Reason {
	case exit.Exception:
		info.Vector = x86.Vector(n - codeException)
		info.HasCode = info.Vector.HasErrorCode()
		if info.HasCode {
			info.ErrorCode = uint32(c.exitInfo[0])
		}
		if info.Vector == x86.VectorPF {
			info.Linear = frame.VAddr(c.exitInfo[1])
		}
	case exit.NestedFault:
		info.Physical = frame.MAddr(c.exitInfo[1])
		info.Access = nestedAccess(c.exitInfo[0])
	case exit.Port:
		w := c.exitInfo[0]
		info.IO = exit.IO{
			Port: uint16(w >> 16), Size: uint8(w >> infoIOSize & 7), In: w&infoIOIn != 0,
			String: w&infoIOString != 0, Repeat: w&infoIORepeat != 0,
		}
		info.Length = uint8(c.exitInfo[1] - v.save.rip) // the next RIP, on every CPU
	case exit.CRRead, exit.CRWrite:
		if n != codeCR0Selective {
			info.Register = uint8(n) & (maxRangeCodes - 1)
		}
		v.instruction(info, fetch)
		if has(featureDecodeAssists) {
			info.Operand = exit.GPR(c.exitInfo[0] & 0xf)
			if c.exitInfo[0]&infoCRMove == 0 {
				info.Length = 0 // CLTS, LMSW, SMSW
			}
		}
	case exit.DRRead, exit.DRWrite:
		info.Register = uint8(n) & (maxRangeCodes - 1)
		v.instruction(info, fetch)
		if has(featureDecodeAssists) {
			info.Operand = exit.GPR(c.exitInfo[0] & 0xf)
		}
	case exit.INVLPG:
		if has(featureDecodeAssists) {
			info.Linear = frame.VAddr(c.exitInfo[0])
		}
		v.instruction(info, fetch)
	case exit.SoftwareInterrupt:
		v.instruction(info, fetch)
		v.softwareInterrupt(info)
	case exit.CPUID, exit.RDTSC, exit.RDTSCP, exit.RDPMC, exit.HLT, exit.Pause, exit.Monitor, exit.MWait,
		exit.INVD, exit.WBINVD, exit.XSETBV, exit.Hypercall, exit.VirtualInstruction, exit.INVPCID,
		exit.MSRRead, exit.MSRWrite:
		v.instruction(info, fetch)
	}
}

// instruction fills in the length, and what only the instruction itself
// tells: from the CPU where it says so, otherwise from the bytes.
func (v *vmcb) instruction(info *exit.Info, fetch exit.Fetch) {
	needOperand := !has(featureDecodeAssists) && operandInBytes(code(v.control.exitCode))
	if has(featureNextRIP) && !needOperand {
		info.Length = uint8(v.control.nextRIP - v.save.rip)
		return
	}
	if fetch == nil {
		return
	}
	c := fetch(v.save.rip)
	i, ok := parse(c.Bytes[:], int(c.N), v.longCode())
	if !ok || !i.explains(info.Reason) {
		return
	}
	info.Length = i.length
	info.Operand = i.operand
	if info.Reason == exit.SoftwareInterrupt {
		info.Vector, info.Soft = i.vector, i.soft
	}
}

// softwareInterrupt fills in what the exit code says. TCG has one code for INT
// n, INT3 and INTO: there the bytes have told.
func (v *vmcb) softwareInterrupt(info *exit.Info) {
	switch code(v.control.exitCode) {
	case codeBP:
		info.Vector, info.Soft = x86.VectorBP, exit.SoftINT3
	case codeOF:
		info.Vector, info.Soft = x86.VectorOF, exit.SoftINTO
	case codeICEBP:
		info.Vector, info.Soft = x86.VectorDB, exit.SoftICEBP
	case codeINTn:
		if has(featureDecodeAssists) {
			info.Vector, info.Soft = x86.Vector(v.control.exitInfo[0]), exit.SoftINT
		}
	}
}

// operandInBytes tells whether a handler needs something that, without decode
// assists, only the instruction says.
func operandInBytes(c code) bool { return c < codeException || c == codeINTn || c == codeCR0Selective }

// longCode tells whether the guest's code segment holds 64-bit code.
func (v *vmcb) longCode() bool {
	return v.save.efer&x86.EFERLMA != 0 && exit.SegmentAttr(v.save.cs.attr)&exit.SegmentLong != 0
}

func nestedAccess(w uint64) exit.Access {
	a := exit.AccessRead
	switch {
	case w&infoFaultFetch != 0:
		a = exit.AccessFetch
	case w&infoFaultWrite != 0:
		a = exit.AccessWrite
	}
	if w&infoFaultPresent != 0 {
		a |= exit.AccessPresent
	}
	if w&infoFaultWalk != 0 {
		a |= exit.AccessWalk
	}
	return a
}
