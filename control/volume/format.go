package volume

import (
	"crypto/rand"
	"fmt"
)

// Format makes an empty store on a disk. Where there is one already it fails with ErrExists, unless overwrite is set.
func Format(dev Device, overwrite bool) error {
	extents := dev.Size() / ExtentSize
	if extents < minExtents {
		return fmt.Errorf("a volume store needs a disk of %d bytes or more, and this one has %d", minExtents*ExtentSize, dev.Size())
	}
	s := &superblock{extents: uint32(min(extents, maxExtents)), log: uint32(min(max(extents/1024, 1), maxLog))}

	found, _, err := readSupers(dev)
	if err != nil {
		return err
	}
	if found != nil && !overwrite {
		return fmt.Errorf("a volume store (generation %d) on this disk %w", found.generation, ErrExists)
	}

	// Nothing of an older store is left that could be taken for one, before anything of the new is there.
	empty := make([]byte, nodeSize)
	places := append(supersOf(dev), supersOfExtents(s.extents)...)
	if found != nil {
		places = append(places, supersOfExtents(found.extents)...)
	}
	for _, at := range places {
		if _, err := dev.WriteAt(empty, at.offset()); err != nil {
			return fmt.Errorf("format: %w", err)
		}
	}
	if err := dev.Flush(); err != nil {
		return fmt.Errorf("format: %w", err)
	}

	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return fmt.Errorf("format: %w", err)
	}
	s.store = le.Uint64(id[:])
	for s.generation = range uint64(2) {
		for _, at := range superSlots(s.generation, s.extents) {
			if _, err := dev.WriteAt(s.encode(at), at.offset()); err != nil {
				return fmt.Errorf("format: %w", err)
			}
		}
	}
	if err := dev.Flush(); err != nil {
		return fmt.Errorf("format: %w", err)
	}
	return nil
}

// supersOfExtents is where all superblocks of a store are that has so many extents.
func supersOfExtents(extents uint32) []slot {
	even, odd := superSlots(0, extents), superSlots(1, extents)
	return append(even[:], odd[:]...)
}

// supersOf is where those of a store are that fills the disk.
func supersOf(dev Device) []slot {
	return supersOfExtents(uint32(min(dev.Size()/ExtentSize, maxExtents)))
}
