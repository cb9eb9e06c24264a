package volume

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// Each of the store's own blocks begins with the same 32 bytes. All numbers are little-endian.
//
//	 0  magic       says what kind of block it is
//	 4  checksum    CRC32C of all that follows in the block
//	 8  store       the store's identity, made when it was formatted
//	16  generation  of the checkpoint that wrote it
//	24  self        the slot it was written to
//	28  detail      differs by kind
const headerSize = 32

type magic uint32

const (
	magicSuper     magic = 0x53637554 // TucS
	magicNode      magic = 0x4e637554 // TucN
	magicDirectory magic = 0x44637554 // TucD
	magicLog       magic = 0x4c637554 // TucL
)

func (m magic) String() string {
	switch m {
	case magicSuper:
		return "superblock"
	case magicNode:
		return "map block"
	case magicDirectory:
		return "directory block"
	case magicLog:
		return "log block"
	}
	return "unknown block"
}

type header struct {
	magic      magic
	store      uint64
	generation uint64
	self       slot
	detail     uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// le reads and writes the numbers of blocks.
var le = binary.LittleEndian

// seal writes the header of a block whose rest is there.
func (h header) seal(block []byte) {
	le.PutUint32(block[0:], uint32(h.magic))
	le.PutUint64(block[8:], h.store)
	le.PutUint64(block[16:], h.generation)
	le.PutUint32(block[24:], uint32(h.self))
	le.PutUint32(block[28:], h.detail)
	le.PutUint32(block[4:], crc32.Checksum(block[8:], castagnoli))
}

// unseal reads a header. It fails where the block isn't of that kind, that store and that slot, or was changed.
func unseal(block []byte, kind magic, store uint64, at slot) (header, error) {
	h := header{
		magic:      magic(le.Uint32(block[0:])),
		store:      le.Uint64(block[8:]),
		generation: le.Uint64(block[16:]),
		self:       slot(le.Uint32(block[24:])),
		detail:     le.Uint32(block[28:]),
	}
	switch {
	case h.magic != kind:
		return h, fmt.Errorf("no %v is here", kind)
	case le.Uint32(block[4:]) != crc32.Checksum(block[8:], castagnoli):
		return h, fmt.Errorf("the %v's checksum is wrong", kind)
	case h.store != store:
		return h, fmt.Errorf("the %v is another store's", kind)
	case h.self != at:
		return h, fmt.Errorf("the %v was written for byte %d", kind, h.self.offset())
	}
	return h, nil
}

// checksum is the one in a sealed block's header.
func checksum(block []byte) uint32 { return le.Uint32(block[4:]) }
