package volume

// counts says of each extent how many map blocks name it. It isn't on the disk: opening a store finds it by
// walking the maps. Memory is taken only where disk is in use: 2 bytes an extent, 32 MiB for a TiB.
type counts struct {
	chunks []*chunk // nil: all of it is free
	total  uint32   // extents of the disk
	free   uint32
	cursor extent // where the search for a free one goes on
}

const chunkExtents = 1 << 16 // 4 GiB of disk

type chunk struct {
	count [chunkExtents]uint16
	free  uint32
}

// held is the count of an extent that is nobody's data and not free: superblocks, log, map blocks, and what was taken and
// is in no map yet. Real counts are far below: there are fewer volumes, and a volume names an extent once, or twice while it gives it up.
const held = 0xffff

// makeCounts has all extents from first to end free, and the others held.
func makeCounts(total uint32, first, end extent) counts {
	c := counts{chunks: make([]*chunk, ceil(total, chunkExtents)), total: total, free: total, cursor: first}
	for e := range first {
		c.hold(e)
	}
	for e := end; e < extent(total); e++ {
		c.hold(e)
	}
	return c
}

// get is an extent's count; 0 where the disk has none of that number.
func (c *counts) get(e extent) uint16 {
	if e >= extent(c.total) {
		return 0
	}
	k := c.chunks[e/chunkExtents]
	if k == nil {
		return 0
	}
	return k.count[e%chunkExtents]
}

func (c *counts) set(e extent, n uint16) {
	i := e / chunkExtents
	k := c.chunks[i]
	if k == nil {
		k = &chunk{free: min(chunkExtents, c.total-uint32(i)*chunkExtents)}
		c.chunks[i] = k
	}
	old := k.count[e%chunkExtents]
	k.count[e%chunkExtents] = n
	switch {
	case old == 0 && n != 0:
		k.free--
		c.free--
	case old != 0 && n == 0:
		k.free++
		c.free++
	}
}

// add counts one more map block that names the extent.
func (c *counts) add(e extent) { c.set(e, c.get(e)+1) }

// drop counts one less. It tells whether that was the last; then the extent is held until release.
func (c *counts) drop(e extent) (last bool) {
	n := c.get(e) - 1
	if n == 0 {
		c.set(e, held)
		return true
	}
	c.set(e, n)
	return false
}

func (c *counts) hold(e extent)    { c.set(e, held) }
func (c *counts) release(e extent) { c.set(e, 0) }

// take finds a free extent, from where the last was found on, and holds it.
func (c *counts) take() (extent, bool) {
	if c.free == 0 {
		return 0, false
	}
	for {
		if c.cursor >= extent(c.total) {
			c.cursor = 0
		}
		k := c.chunks[c.cursor/chunkExtents]
		if k != nil && k.free == 0 {
			c.cursor = (c.cursor/chunkExtents + 1) * chunkExtents
			continue
		}
		e := c.cursor
		c.cursor++
		if k == nil || k.count[e%chunkExtents] == 0 {
			c.hold(e)
			return e, true
		}
	}
}
