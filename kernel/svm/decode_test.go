package svm

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/kernel/exit"
	"tuco/kernel/x86"
)

// withFeatures runs a test as on a CPU with just these features.
func withFeatures(t *testing.T, f ...feature) {
	old := features
	t.Cleanup(func() { features = old })
	features = 0
	for _, bit := range f {
		features |= 1 << bit
	}
}

// bytesAt makes a fetch function whose memory holds the code at 0x1000.
func bytesAt(code ...byte) exit.Fetch {
	return func(rip uint64) exit.Code {
		c := exit.Code{N: uint8(len(code))}
		if rip != 0x1000 {
			return exit.Code{}
		}
		copy(c.Bytes[:], code)
		return c
	}
}

// exited makes a block of a 64-bit guest that exited at 0x1000.
func exited(c code, info1, info2 uint64) *vmcb {
	v := &vmcb{}
	v.save.rip = 0x1000
	v.save.efer = x86.EFERLMA
	v.save.cs.attr = uint16(exit.SegmentLong)
	v.control.exitCode = uint64(c)
	v.control.exitInfo = [2]uint64{info1, info2}
	return v
}

func TestEveryCodeHasAReason(t *testing.T) {
	for c := range code(codes) {
		switch {
		case c == codeFERRFreeze, c == codeWroteEFER, c == codeMCOMMIT,
			c > codeWroteEFER && c < codeINVLPGB: // not asked for, nor a word for them
			assert.Equal(t, exit.Unknown, c.reason(), "%#x", uint64(c))
		default:
			assert.NotEqual(t, exit.Unknown, c.reason(), "%#x", uint64(c))
		}
	}
	assert.Equal(t, exit.Exception, (codeException + 14).reason())
	assert.Equal(t, exit.NestedFault, codeNestedPageFault.reason())
	assert.Equal(t, exit.Invalid, code(0xffff_ffff).reason(), "as TCG has it")
	assert.Equal(t, exit.Invalid, code(0xffff_ffff_ffff_ffff).reason())
	assert.Equal(t, exit.Unknown, code(0x401).reason())
}

// A guest is never left for what has no name: that would be taken for its end.
func TestWhatIsInterceptedHasAReason(t *testing.T) {
	all := intercepts(&exit.Setup{IO: exit.IOExit, Software: true})
	for w, word := range all {
		for bit := range 32 {
			if c := codeINTR + code(32*w+bit); word>>bit&1 != 0 {
				assert.NotEqual(t, exit.Unknown, c.reason(), "%#x", uint64(c))
			}
		}
	}
	assert.NotZero(t, all[0])
	assert.NotZero(t, all[1])
}

func TestDecodeException(t *testing.T) {
	var info exit.Info
	exited(codeException+14, 7, 0xdead_b000).decode(&info, nil)
	assert.Equal(t, exit.Info{
		Reason: exit.Exception, Raw: 0x4e, Qualification: [2]uint64{7, 0xdead_b000},
		Vector: x86.VectorPF, HasCode: true, ErrorCode: 7, Linear: 0xdead_b000,
	}, info)

	exited(codeException+6, 99, 99).decode(&info, nil)
	assert.Equal(t, x86.VectorUD, info.Vector)
	assert.False(t, info.HasCode)
	assert.Zero(t, info.ErrorCode)
}

func TestDecodePort(t *testing.T) {
	var info exit.Info
	exited(codeIO, 0x3f8<<16|1<<4|1, 0x1002).decode(&info, nil)
	assert.Equal(t, exit.IO{Port: 0x3f8, Size: 1, In: true}, info.IO)
	assert.EqualValues(t, 2, info.Length)
	exited(codeIO, 0xffff<<16|1<<6|1<<2|1<<3, 0x1003).decode(&info, nil)
	assert.Equal(t, exit.IO{Port: 0xffff, Size: 4, String: true, Repeat: true}, info.IO)
}

func TestDecodeMSR(t *testing.T) {
	withFeatures(t)
	var info exit.Info
	exited(codeMSR, 0, 0).decode(&info, bytesAt(0x0f, 0x32))
	assert.Equal(t, exit.MSRRead, info.Reason)
	assert.EqualValues(t, 2, info.Length)
	exited(codeMSR, 1, 0).decode(&info, bytesAt(0x0f, 0x30))
	assert.Equal(t, exit.MSRWrite, info.Reason)
	assert.EqualValues(t, 2, info.Length)
}

func TestDecodeControlRegisterFromBytes(t *testing.T) {
	withFeatures(t)
	var info exit.Info
	exited(codeWriteCR+4, 0, 0).decode(&info, bytesAt(0x41, 0x0f, 0x22, 0xe3)) // mov cr4, r11
	assert.Equal(t, exit.CRWrite, info.Reason)
	assert.EqualValues(t, 4, info.Register)
	assert.Equal(t, exit.R11, info.Operand)
	assert.EqualValues(t, 4, info.Length)

	exited(codeWriteCR, 0, 0).decode(&info, bytesAt(0x0f, 0x06)) // clts
	assert.Zero(t, info.Length, "not a move")
}

func TestDecodeControlRegisterWithAssists(t *testing.T) {
	withFeatures(t, featureNextRIP, featureDecodeAssists)
	var info exit.Info
	v := exited(codeReadCR+3, 1<<63|5, 0)
	v.control.nextRIP = 0x1003
	v.decode(&info, nil)
	assert.EqualValues(t, 3, info.Register)
	assert.Equal(t, exit.RBP, info.Operand)
	assert.EqualValues(t, 3, info.Length)

	v = exited(codeWriteCR, 0, 0) // clts
	v.control.nextRIP = 0x1002
	v.decode(&info, nil)
	assert.Zero(t, info.Length, "not a move")
}

func TestChangedCodeIsNotBelieved(t *testing.T) {
	withFeatures(t)
	var info exit.Info
	exited(codeCPUID, 0, 0).decode(&info, bytesAt(0xf4))
	assert.Equal(t, exit.CPUID, info.Reason)
	assert.Zero(t, info.Length)
	exited(codeCPUID, 0, 0).decode(&info, bytesAt(0x0f))
	assert.Zero(t, info.Length)
	exited(codeCPUID, 0, 0).decode(&info, nil)
	assert.Zero(t, info.Length)
}

func TestSoftwareInterrupts(t *testing.T) {
	withFeatures(t, featureNextRIP) // and no assists: the vector is in the bytes
	var info exit.Info
	exited(codeINTn, 0, 0).decode(&info, bytesAt(0xcd, 0x80))
	assert.EqualValues(t, 0x80, info.Vector)
	assert.EqualValues(t, 2, info.Length)
	assert.Equal(t, exit.SoftINT, info.Soft)
	exited(codeINTn, 0, 0).decode(&info, bytesAt(0xcc)) // TCG
	assert.Equal(t, x86.VectorBP, info.Vector)
	assert.EqualValues(t, 1, info.Length)
	assert.Equal(t, exit.SoftINT3, info.Soft)
	exited(codeINTn, 0, 0).decode(&info, bytesAt(0xcd, 0x03))
	assert.Equal(t, x86.VectorBP, info.Vector)
	assert.EqualValues(t, 2, info.Length)
	assert.Equal(t, exit.SoftINT, info.Soft)
}

func TestSoftwareInterruptsWithNextRIP(t *testing.T) {
	withFeatures(t, featureNextRIP)
	var info exit.Info
	v := exited(codeBP, 0, 0)
	v.control.nextRIP = 0x1002
	v.decode(&info, nil)
	assert.Equal(t, exit.SoftINT3, info.Soft)
	assert.EqualValues(t, 2, info.Length)
}

func TestSoftwareInterruptsWithAssists(t *testing.T) {
	withFeatures(t, featureNextRIP, featureDecodeAssists)
	for _, c := range []struct {
		code   code
		info   uint64
		vector x86.Vector
		soft   exit.SoftKind
	}{
		{codeINTn, 0x80, 0x80, exit.SoftINT},
		{codeINTn, 3, x86.VectorBP, exit.SoftINT},
		{codeException + 3, 0, x86.VectorBP, exit.SoftINT3},
		{codeException + 4, 0, x86.VectorOF, exit.SoftINTO},
		{codeICEBP, 0, x86.VectorDB, exit.SoftICEBP},
	} {
		var info exit.Info
		v := exited(c.code, c.info, 0)
		v.control.nextRIP = 0x1005
		v.decode(&info, nil)
		assert.Equal(t, exit.SoftwareInterrupt, info.Reason)
		assert.Equal(t, c.vector, info.Vector)
		assert.Equal(t, c.soft, info.Soft)
		assert.EqualValues(t, 5, info.Length)
	}
}

func TestEventWords(t *testing.T) {
	for _, e := range []exit.Event{
		exit.External(0xf0), exit.Fault(x86.VectorPF, 0x15), exit.Fault(x86.VectorUD, 0),
		{Vector: 2, Kind: exit.EventNMI}, {Vector: 0x80, Kind: exit.EventSoftware},
	} {
		got, ok := decodeEvent(encode(e))
		require.True(t, ok)
		assert.Equal(t, e, got)
	}
	assert.EqualValues(t, uint64(0x15)<<32|1<<31|1<<11|3<<8|14, encode(exit.Fault(x86.VectorPF, 0x15)))
	_, ok := decodeEvent(encode(exit.External(3)) &^ eventValid)
	assert.False(t, ok, "what is left of an earlier event")
}

func TestInterruptedDeliveryGoesInAgain(t *testing.T) {
	for _, c := range []struct {
		event exit.Event
		again bool
	}{
		{exit.External(0x30), true},
		{exit.Fault(x86.VectorGP, 8), true},
		{exit.Event{Vector: 2, Kind: exit.EventNMI}, true},
		{exit.Event{Vector: 0x80, Kind: exit.EventSoftware}, false},
		{exit.Event{Vector: x86.VectorBP, Kind: exit.EventException}, false},
	} {
		g := Guest{vmcb: &vmcb{}}
		g.vmcb.control.exitIntInfo = encode(c.event)
		g.resume()
		e, ok := g.Pending()
		assert.Equal(t, c.again, ok, "%+v", c.event)
		if c.again {
			assert.Equal(t, c.event, e)
		}
	}
}

func TestPrivilegeFollowsSS(t *testing.T) {
	g := Guest{vmcb: &vmcb{}}
	s := exit.Segment{Selector: 0xe02b, Attr: exit.SegmentPresent | exit.SegmentData | exit.SegmentDPL(3), Limit: 9, Base: 8}
	g.SetSegment(exit.SS, s)
	assert.EqualValues(t, 3, g.vmcb.save.cpl)
	assert.Equal(t, s, g.Segment(exit.SS))
	g.SetSegment(exit.CS, exit.Segment{})
	assert.EqualValues(t, 3, g.vmcb.save.cpl)
}

func TestSettersMarkWhatTheyChange(t *testing.T) {
	for name, c := range map[string]struct {
		set   func(g *Guest)
		clean uint32
	}{
		"CR0":     {func(g *Guest) { g.SetCR(0, 1) }, cleanCR},
		"CR8":     {func(g *Guest) { g.SetCR(8, 1) }, cleanInterrupt},
		"EFER":    {func(g *Guest) { g.SetEFER(1) }, cleanCR},
		"GDT":     {func(g *Guest) { g.SetGDT(exit.Table{}) }, cleanTables},
		"IDT":     {func(g *Guest) { g.SetIDT(exit.Table{}) }, cleanTables},
		"segment": {func(g *Guest) { g.SetSegment(exit.CS, exit.Segment{}) }, cleanSegments},
		"DR6":     {func(g *Guest) { g.SetDR6(1) }, cleanDR},
		"DR7":     {func(g *Guest) { g.SetDR7(1) }, cleanDR},
		"window":  {func(g *Guest) { g.SetWindow(true) }, cleanIntercepts | cleanInterrupt},
		"TSC":     {func(g *Guest) { g.SetTSCOffset(1) }, cleanIntercepts},
	} {
		g := Guest{vmcb: &vmcb{}}
		g.vmcb.control.clean = cleanAll
		c.set(&g)
		assert.EqualValues(t, cleanAll&^c.clean, g.vmcb.control.clean, name)
	}
}
