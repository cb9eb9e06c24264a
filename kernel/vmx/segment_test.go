package vmx

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/kernel/exit"
)

func TestAccessRightsOfKnownDescriptors(t *testing.T) {
	assert.EqualValues(t, 0xa09b, AccessFromAttr(exit.SegmentPresent|exit.SegmentCode|exit.SegmentLong|exit.SegmentGran))
	assert.EqualValues(t, 0xc0f3, AccessFromAttr(exit.SegmentPresent|exit.SegmentData|exit.SegmentBig|exit.SegmentGran|exit.SegmentDPL(3)))
	assert.EqualValues(t, 0x8b, AccessFromAttr(exit.SegmentPresent|exit.SegmentTSS))
	assert.EqualValues(t, accessUnusable, AccessFromAttr(0))
}

func TestAccessRightsAndBack(t *testing.T) {
	for attr := exit.SegmentAttr(0); attr < 1<<12; attr++ {
		a := AccessFromAttr(attr)
		assert.Zero(t, a&0xf00, "reserved bits")
		assert.Zero(t, a>>17, "reserved bits")
		assert.Equal(t, attr&exit.SegmentPresent == 0, a&accessUnusable != 0)
		assert.Equal(t, attr, AttrFromAccess(a))
	}
}

func TestUnusableStackKeepsItsPrivilegeLevel(t *testing.T) {
	attr := AttrFromAccess(accessUnusable | 0x60)
	assert.Zero(t, attr&exit.SegmentPresent)
	assert.EqualValues(t, 3, attr.DPL())
}

func TestSegmentsAreMadeAcceptable(t *testing.T) {
	flat := acceptable(exit.CS, exit.Segment{Attr: exit.SegmentPresent | exit.SegmentCode, Limit: 0xffff_ffff})
	assert.NotZero(t, flat.Attr&exit.SegmentGran, "a limit of 4 GiB needs granularity")

	small := acceptable(exit.DS, exit.Segment{Attr: exit.SegmentPresent | exit.SegmentData | exit.SegmentGran, Limit: 0x67})
	assert.Zero(t, small.Attr&exit.SegmentGran, "a limit of 0x67 forbids it")

	null := acceptable(exit.ES, exit.Segment{})
	assert.Equal(t, exit.Segment{}, null)

	tr := acceptable(exit.TR, exit.Segment{})
	assert.EqualValues(t, 0x8b, AccessFromAttr(tr.Attr), "an entry needs a task register")
	free := acceptable(exit.TR, exit.Segment{Attr: exit.SegmentPresent | 9, Limit: 0x67})
	assert.EqualValues(t, 0x8b, AccessFromAttr(free.Attr), "and one that is busy")
}

func TestBasesAreMadeAcceptable(t *testing.T) {
	const wide = 0x8000_1234_5678_9abc
	assert.EqualValues(t, 0x5678_9abc, acceptable(exit.SS, exit.Segment{Base: wide}).Base)
	for _, r := range []exit.SegmentRegister{exit.FS, exit.GS, exit.LDTR} {
		assert.EqualValues(t, 0x1234_5678_9abc, acceptable(r, exit.Segment{Base: wide}).Base)
		assert.EqualValues(t, uint64(0xffff_8000_0000_0000), acceptable(r, exit.Segment{Base: 0x8000_0000_0000}).Base)
	}
}
