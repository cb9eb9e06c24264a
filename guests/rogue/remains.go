package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"tuco/guestlib/blk"
	"tuco/guestlib/frontend"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/page"
	"tuco/guestlib/power"
)

// secret is a word of what is left behind. It is made up when it is needed, so that no program has it from the start.
//
//go:noinline
func secret(n uint64) uint64 { return (n*0x9e37_79b9_7f4a_7c15 ^ 0x5ec2_e75e_c2e7_5ec2) | 1 }

// words is how many of one page's have to be secret for it to be one that was left.
const words = 16

// piece is what a volume takes at once of the host's disk.
const piece = 64 << 10

// remains has two lives. In the first it leaves secrets in memory and on its first disk, and is started anew. In the second it looks for them in all of
// its memory and on its second disk, which gets what the first has given up.
func remains(domain frontend.Domain) error {
	const patience = 2 * time.Minute
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	names, err := blk.Devices(domain)
	if err != nil {
		return err
	}
	if len(names) != 2 {
		return fmt.Errorf("there are %d disks instead of two", len(names))
	}
	var disks [2]*blk.Disk
	for i, name := range names {
		if disks[i], err = blk.Open(ctx, domain, name); err != nil {
			return err
		}
	}
	life := make([]byte, bitmap)
	if _, err := disks[1].ReadAt(life, 0); err != nil {
		return err
	}
	if life[0] == 0 {
		return leave(disks)
	}
	return look(disks, life)
}

// bitmap is the bytes of a bitmap of the frames of 1 GiB.
const bitmap = 32 << 10

// frames is a bitmap of this domain's.
func frames() (list []byte) {
	list = make([]byte, bitmap)
	for p := range mm.Pages() {
		if m := mm.FrameOfPage(p); m/8 < bitmap {
			list[m/8] |= 1 << (m % 8)
		}
	}
	return list
}

// leave is the first life.
func leave(disks [2]*blk.Disk) error {
	first, second := disks[0], disks[1]
	full := make([]byte, piece)
	for i := 0; i < len(full); i += 8 {
		binary.LittleEndian.PutUint64(full[i:], secret(uint64(i/8)))
	}
	for at := int64(0); at < first.Size(); at += piece {
		if _, err := first.WriteAt(full, at); err != nil {
			return err
		}
	}
	if err := errors.Join(first.Flush(), first.Discard(0, first.Size()), first.Flush()); err != nil {
		return err
	}
	list := frames()
	list[0] |= 1
	if _, err := second.WriteAt(list, 0); err != nil {
		return err
	}
	if err := second.Flush(); err != nil {
		return err
	}
	left := 0
	for mm.Free() > 1024 {
		run, err := page.Alloc(256)
		if err != nil {
			break
		}
		left += run.Len()
		for b := run.Bytes(); len(b) > 0; b = b[piece:] {
			copy(b, full)
		}
		if n := secrets(run.Page(0)); n < words {
			return fmt.Errorf("of the secrets in a page only %d are found", n)
		}
	}
	fmt.Printf("rogue: secrets are left in %d pages and %d bytes of a disk\n", left, first.Size())
	power.End(power.Reboot)
	select {}
}

// look is the second life. Was tells which frames the first had, and comes from it by the second disk.
func look(disks [2]*blk.Disk, was []byte) error {
	same := 0
	now := frames()
	for i := range now {
		for both := now[i] & was[i]; both != 0; both &= both - 1 {
			same++
		}
	}
	if same == 0 {
		return errors.New("this domain has no frame of the one before it, so that there is nothing to be found")
	}
	room, err := newRoom()
	if err != nil {
		return err
	}
	looked := 0
	for p := range mm.Pages() {
		results, err := tryFrames(room.Address(0), mm.FrameOfPage(p), 1, present|user|noExecute)
		if err != nil || int64(results[0].Result) < 0 {
			return fmt.Errorf("page %d of this domain can't be mapped: %w", p, err)
		}
		hypercalls.FlushTLB()
		looked++
		if n := secrets(room.Bytes(0, 1)); n >= words {
			return fmt.Errorf("page %d has %d words that an earlier domain has left", p, n)
		}
	}
	if err := room.Unmap(0); err != nil {
		return err
	}
	refused("what was left in memory", fmt.Sprintf("nothing of it is in %d pages, of which the domain before had %d", looked, same))
	return lookAtDisks(disks)
}

// secrets is how many words of a page are secret.
func secrets(b []byte) (n int) {
	for i := 0; i < len(b); i += 8 {
		word := binary.LittleEndian.Uint64(b[i:])
		if word == 0 { // which none is
			continue
		}
		for k := i / 8; k < piece/8; k += page.Size / 8 {
			if word == secret(uint64(k)) {
				n++
				break
			}
		}
	}
	return n
}

// lookAtDisks writes a page in each piece of the second disk, so that it gets one of the host's, and reads all of both.
func lookAtDisks(disks [2]*blk.Disk) error {
	own := bytes.Repeat([]byte{7}, page.Size)
	for at := int64(piece); at < disks[1].Size(); at += piece {
		if _, err := disks[1].WriteAt(own, at); err != nil {
			return err
		}
	}
	buffer := make([]byte, piece)
	for i, d := range disks {
		for at := int64(0); at < d.Size(); at += piece {
			if _, err := d.ReadAt(buffer, at); err != nil {
				return err
			}
			rest := buffer
			switch {
			case i == 1 && at == 0:
				rest = buffer[bitmap:]
			case i == 1:
				rest = buffer[page.Size:]
			}
			if n := len(bytes.TrimLeft(rest, "\x00")); n != 0 {
				return fmt.Errorf("disk %d, at %d: %d bytes that nobody has written", i, at, n)
			}
		}
	}
	refused("what was left on disks", fmt.Sprintf("nothing of it is in %d bytes", disks[1].Size()))
	return nil
}
