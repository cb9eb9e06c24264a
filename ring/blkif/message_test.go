package blkif_test

import (
	"math"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/ring/blkif"
)

func TestForms(t *testing.T) {
	segments := []blkif.Segment{{Ref: 8, Last: 7}, {Ref: 9, First: 2, Last: 3}}
	var c blkif.Command

	r := blkif.Transfer(blkif.OpWrite, 5, 100, segments)
	require.NoError(t, c.Decode(&r, 0))
	assert.Equal(t, segments, c.Segments)
	assert.Equal(t, []any{blkif.OpWrite, uint64(5), uint64(100)}, []any{c.Op, c.ID, c.Sector})
	n, err := c.Sectors(110)
	require.NoError(t, err)
	assert.EqualValues(t, 10, n)
	offset, length := c.Segments[1].Bytes()
	assert.Equal(t, []int{1024, 1024}, []int{offset, length})

	r = blkif.Discard(6, 7, 8)
	require.NoError(t, c.Decode(&r, 0))
	assert.Equal(t, []any{blkif.OpDiscard, uint64(6), uint64(7), uint64(8), false}, []any{c.Op, c.ID, c.Sector, c.Count, c.Secure})

	r = blkif.Flush(9)
	require.NoError(t, c.Decode(&r, 0))
	assert.Empty(t, c.Segments)
	n, err = c.Sectors(0)
	require.NoError(t, err)
	assert.Zero(t, n)

	r = blkif.Indirect(blkif.OpRead, 10, 20, 513, 30, 31)
	require.NoError(t, c.Decode(&r, 513))
	assert.Equal(t, []any{blkif.OpRead, uint64(10), uint64(20), 513}, []any{c.Op, c.ID, c.Sector, c.Listed})
	assert.Equal(t, []hypercall.GrantRef{30, 31}, c.Pages)
	words := make([]uint64, 512)
	page := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), 4096)
	for i := range blkif.Segments(page) {
		blkif.Segments(page)[i] = blkif.Segment{Ref: hypercall.GrantRef(i), Last: 7}
	}
	c.Listing(page)
	c.Listing(page[:8])
	require.Len(t, c.Segments, 513)
	assert.EqualValues(t, 511, c.Segments[511].Ref)
	assert.EqualValues(t, 0, c.Segments[512].Ref)
	n, err = c.Sectors(1 << 20)
	require.NoError(t, err)
	assert.EqualValues(t, 513*8, n)

	assert.Panics(t, func() { blkif.Transfer(blkif.OpRead, 0, 0, make([]blkif.Segment, 12)) })
	assert.Panics(t, func() { blkif.Indirect(blkif.OpRead, 0, 0, 513, 1) })
}

func TestBadRequests(t *testing.T) {
	for name, c := range map[string]struct {
		request blkif.Request
		want    error
	}{
		"unknown":           {blkif.Request{Op: 4}, blkif.ErrOp},
		"far unknown":       {blkif.Request{Op: 255, Count: 255}, blkif.ErrOp},
		"nothing to read":   {blkif.Request{Op: blkif.OpRead}, blkif.ErrSegments},
		"nothing to write":  {blkif.Request{Op: blkif.OpWrite}, blkif.ErrSegments},
		"12 segments":       {blkif.Request{Op: blkif.OpRead, Count: 12}, blkif.ErrSegments},
		"255 in a flush":    {blkif.Request{Op: blkif.OpFlush, Count: 255}, blkif.ErrSegments},
		"none listed":       {blkif.Indirect(blkif.OpRead, 1, 0, 0), blkif.ErrSegments},
		"more than allowed": {blkif.Indirect(blkif.OpRead, 1, 0, 65, 1), blkif.ErrSegments},
		"indirect flush":    {blkif.Indirect(blkif.OpFlush, 1, 0, 1, 1), blkif.ErrOp},
		"indirect indirect": {blkif.Indirect(blkif.OpIndirect, 1, 0, 1, 1), blkif.ErrOp},
	} {
		var command blkif.Command
		c.request.ID = 77
		assert.ErrorIs(t, command.Decode(&c.request, 64), c.want, name)
		assert.EqualValues(t, 77, command.ID, "%s: the answer needs it", name)
	}
	r, command := blkif.Indirect(blkif.OpRead, 1, 0, 1, 1), blkif.Command{}
	assert.ErrorIs(t, command.Decode(&r, 0), blkif.ErrOp, "not offered")
	r = blkif.Indirect(blkif.OpRead, 1, 0, 4096, 1, 2, 3, 4, 5, 6, 7, 8)
	assert.NoError(t, command.Decode(&r, math.MaxInt))
	(*blkif.IndirectRequest)(unsafe.Pointer(&r)).Count = 4097
	assert.ErrorIs(t, command.Decode(&r, math.MaxInt), blkif.ErrSegments, "more than there are pages for")
}

func TestRanges(t *testing.T) {
	page := func(first, last uint8) []blkif.Segment { return []blkif.Segment{{First: first, Last: last}} }
	for name, c := range map[string]struct {
		command blkif.Command
		ok      bool
	}{
		"all":                {blkif.Command{Segments: page(0, 7)}, true},
		"the end":            {blkif.Command{Segments: page(0, 0), Sector: 7}, true},
		"beyond the end":     {blkif.Command{Segments: page(0, 0), Sector: 8}, false},
		"over the end":       {blkif.Command{Segments: page(0, 1), Sector: 7}, false},
		"wraps":              {blkif.Command{Segments: page(0, 1), Sector: math.MaxUint64}, false},
		"last before first":  {blkif.Command{Segments: page(3, 2)}, false},
		"beyond the page":    {blkif.Command{Segments: page(0, 8)}, false},
		"far beyond":         {blkif.Command{Segments: page(255, 255)}, false},
		"flush at the end":   {blkif.Command{Op: blkif.OpFlush, Sector: 8}, true},
		"flush nowhere":      {blkif.Command{Op: blkif.OpFlush, Sector: math.MaxUint64}, true},
		"barrier nowhere":    {blkif.Command{Op: blkif.OpBarrier, Sector: math.MaxUint64}, true},
		"flush data beyond":  {blkif.Command{Op: blkif.OpFlush, Segments: page(0, 0), Sector: math.MaxUint64}, false},
		"read nowhere":       {blkif.Command{Op: blkif.OpRead, Sector: math.MaxUint64}, false},
		"discard all":        {blkif.Command{Op: blkif.OpDiscard, Count: 8}, true},
		"discard wraps":      {blkif.Command{Op: blkif.OpDiscard, Sector: 4, Count: math.MaxUint64 - 3}, false},
		"discard beyond":     {blkif.Command{Op: blkif.OpDiscard, Sector: 1, Count: 8}, false},
		"discard far beyond": {blkif.Command{Op: blkif.OpDiscard, Sector: 9}, false},
	} {
		_, err := c.command.Sectors(8)
		assert.Equal(t, c.ok, err == nil, name)
	}
}

// FuzzDecode: whatever stands in a slot and in the pages that it names, what comes of it is within bounds.
func FuzzDecode(f *testing.F) {
	f.Add(make([]byte, 112), []byte{}, uint16(64))
	f.Add([]byte{6, 1, 2, 0}, []byte{1, 0, 0, 0, 0, 7}, uint16(4096))
	f.Add([]byte{2, 11}, []byte{}, uint16(0))
	f.Fuzz(func(t *testing.T, slot, page []byte, most uint16) {
		var r blkif.Request
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&r)), unsafe.Sizeof(r)), slot)
		var c blkif.Command
		if c.Decode(&r, int(most)) != nil {
			return
		}
		require.NotEqual(t, blkif.OpIndirect, c.Op)
		require.LessOrEqual(t, len(c.Pages), blkif.MaxIndirectPages)
		for range c.Pages {
			c.Listing(page)
		}
		require.LessOrEqual(t, len(c.Segments), max(int(most), blkif.MaxSegments))
		if c.Listed > 0 {
			require.Len(t, c.Segments, c.Listed)
		}
		const size = 1 << 40
		n, err := c.Sectors(size)
		if err != nil {
			return
		}
		if n > 0 {
			require.LessOrEqual(t, c.Sector+n, uint64(size))
		}
		for _, s := range c.Segments {
			offset, length := s.Bytes()
			require.Positive(t, length)
			require.LessOrEqual(t, offset+length, 4096)
		}
	})
}
