package volume

import "fmt"

// A volume's map is a tree of nodes. A leaf (level 0) names extents, a node above it the slots of nodes one level below;
// 0 is a hole, of an extent or of all that a node would span. The level stands in the header's detail.
type node struct {
	at      slot
	level   uint32
	state   state
	recent  bool // was used since the cache last looked for room
	entries [fanout]uint32
}

// fanout is how many entries a node has: a leaf spans 63.5 MiB.
const fanout = (nodeSize - headerSize) / 4

// maxHeight is how many levels a map may have, which bounds a volume's size at 62.5 TiB.
const maxHeight = 3

// maxBlock is the number of the last block that the largest volume has.
const maxBlock = fanout*fanout*fanout - 1

type state uint8

const (
	clean  state = iota // on the disk as it is here
	dirty               // changed since the last checkpoint, and not on the disk
	frozen              // being written by the checkpoint that runs; nobody changes it
)

func (n *node) encode(store, generation uint64) []byte {
	block := make([]byte, nodeSize)
	for i, e := range n.entries {
		le.PutUint32(block[headerSize+4*i:], e)
	}
	header{magicNode, store, generation, n.at, n.level}.seal(block)
	return block
}

func decodeNode(block []byte, store, generation uint64, at slot, level uint32) (*node, error) {
	h, err := unseal(block, magicNode, store, at)
	switch {
	case err != nil:
		return nil, err
	case h.detail != level:
		return nil, fmt.Errorf("the map block is of level %d, in the place of one of level %d", h.detail, level)
	case h.generation > generation:
		return nil, fmt.Errorf("the map block is of generation %d, which is still to come", h.generation)
	}
	n := &node{at: at, level: level}
	for i := range n.entries {
		n.entries[i] = le.Uint32(block[headerSize+4*i:])
	}
	return n, nil
}

// span is how many extents a node of that level spans.
func span(level uint32) int64 {
	n := int64(fanout)
	for range level {
		n *= fanout
	}
	return n
}

// heightFor is how many levels the map of a volume needs.
func heightFor(size int64) uint32 {
	h := uint32(1)
	for span(h-1)*ExtentSize < size {
		h++
	}
	return h
}

// MaxSize is the size that no volume is larger than.
var MaxSize = span(maxHeight-1) * ExtentSize

// index is which entry of a node of that level leads to the block.
func index(block uint32, level uint32) int {
	i := int64(block)
	for range level {
		i /= fanout
	}
	return int(i % fanout)
}
