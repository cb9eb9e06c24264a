package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"

	"tuco/guestlib/blk"
	"tuco/guestlib/frontend"
)

// blockSize is what is written at once, in bytes.
const blockSize = 16 << 10

// disk is the guest's disk, with what each block of it has to hold.
type disk struct {
	disk  *blk.Disk
	holds []uint64 // the seed of each block's bytes, or 0 if it was not written yet
}

func openDisk(ctx context.Context, domain frontend.Domain) (*disk, error) {
	names, err := blk.Devices(domain)
	if err != nil || len(names) == 0 {
		return nil, errors.Join(err, errors.New("there is no disk"))
	}
	d, err := blk.Open(ctx, domain, names[0])
	if err != nil {
		return nil, err
	}
	found := &disk{d, make([]uint64, d.Size()/blockSize)}
	return found, found.look()
}

// look takes what an earlier life has written for what the blocks have to hold. A block that a power cut has hit may have some of each.
func (d *disk) look() error {
	whole, torn := 0, 0
	for at := range d.holds {
		got := make([]byte, blockSize)
		if _, err := d.disk.ReadAt(got, int64(at)*blockSize); err != nil {
			return err
		}
		switch seed := binary.LittleEndian.Uint64(got); {
		case bytes.Count(got, []byte{0}) == blockSize:
		case bytes.Equal(got, bytesOf(seed)):
			d.holds[at] = seed
			whole++
		default:
			torn++
		}
	}
	fmt.Printf("traffic: disk: found %d blocks, and %d torn\n", whole, torn)
	return nil
}

// once writes a block, and reads another.
func (d *disk) once(n int) error {
	at := n * 7 % len(d.holds) // 7 and the number of blocks have no common factor, so that all have their turn
	d.holds[at] = uint64(n + 1)
	if _, err := d.disk.WriteAt(bytesOf(d.holds[at]), int64(at)*blockSize); err != nil {
		return err
	}
	if n%32 == 31 {
		if err := d.disk.Flush(); err != nil {
			return err
		}
	}
	return d.checkBlocks(n*3%len(d.holds), 1)
}

// check reads all that was written, many blocks at once: where the machine has much else to do, a guest that is to end has no time for each of them.
func (d *disk) check() error {
	const many = 64
	for at := 0; at < len(d.holds); at += many {
		if err := d.checkBlocks(at, min(many, len(d.holds)-at)); err != nil {
			return err
		}
	}
	return nil
}

// checkBlocks reads n blocks.
func (d *disk) checkBlocks(at, n int) error {
	got := make([]byte, n*blockSize)
	if _, err := d.disk.ReadAt(got, int64(at)*blockSize); err != nil {
		return err
	}
	for i, holds := range d.holds[at : at+n] {
		if holds != 0 && !bytes.Equal(got[i*blockSize:][:blockSize], bytesOf(holds)) {
			return fmt.Errorf("block %d has something else than was written", at+i)
		}
	}
	return nil
}

// bytesOf is a block's bytes: the seed, and what follows from it.
func bytesOf(seed uint64) []byte {
	p := binary.LittleEndian.AppendUint64(make([]byte, 0, blockSize), seed)
	var key [32]byte
	copy(key[:], p)
	random := rand.NewChaCha8(key)
	p = p[:blockSize]
	_, _ = random.Read(p[8:]) // it never fails
	return p
}
