package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// What is written to the disk follows from the round's number and the block's, so that somebody else can tell later what has to be there. Each sector has its own
// header, because a power cut may part sectors.
const (
	sector    = 512
	block     = 4096
	extents   = 16 // that a round writes
	extentMax = 24 // blocks of an extent
)

// extent is blocks side by side.
type extent struct{ first, n int }

// extentsOf are those that a round writes, on a disk of some blocks. Some may overlap; what is written there is the same.
func extentsOf(round uint64, blocks int) (all [extents]extent) {
	random := rand.New(rand.NewPCG(round, 1))
	for i := range all {
		n := 1 + random.IntN(min(extentMax, blocks))
		all[i] = extent{random.IntN(blocks - n + 1), n}
	}
	return all
}

// fill makes the content of a block.
func fill(p []byte, round uint64, number int) {
	for k := 0; k < block; k += sector {
		at := uint64(number)*block + uint64(k)
		binary.LittleEndian.PutUint64(p[k:], round)
		binary.LittleEndian.PutUint64(p[k+8:], at)
		for i := 16; i < sector; i += 8 {
			binary.LittleEndian.PutUint64(p[k+i:], word(round, at, uint64(i)))
		}
	}
}

// word is a piece of a sector: a mix of where it is and when it was written. The constants are those of splitmix64.
func word(round, at, i uint64) uint64 {
	x := round*0x9e3779b97f4a7c15 + at + i
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	return x ^ x>>27
}

// roundOf is in which round a sector was written; 0 if never. It fails if the sector is none that any round writes.
func roundOf(p []byte, at uint64) (uint64, error) {
	round := binary.LittleEndian.Uint64(p)
	if round == 0 {
		for i, c := range p {
			if c != 0 {
				return 0, fmt.Errorf("the sector at %d was never written, and its byte %d is %#x", at, i, c)
			}
		}
		return 0, nil
	}
	if is := binary.LittleEndian.Uint64(p[8:]); is != at {
		return 0, fmt.Errorf("the sector at %d is that of %d, of round %d", at, is, round)
	}
	for i := 16; i < sector; i += 8 {
		if binary.LittleEndian.Uint64(p[i:]) != word(round, at, uint64(i)) {
			return 0, fmt.Errorf("the sector at %d, of round %d, is spoilt at its byte %d", at, round, i)
		}
	}
	return round, nil
}

// span is rounds from one to another, both of them in it.
type span struct{ from, to uint64 }

// parseSpans reads FROM-TO,FROM-TO…
func parseSpans(text string) (spans []span, err error) {
	for part := range strings.SplitSeq(text, ",") {
		from, to, _ := strings.Cut(part, "-")
		var s span
		var errs [2]error
		s.from, errs[0] = strconv.ParseUint(from, 10, 64)
		s.to, errs[1] = strconv.ParseUint(to, 10, 64)
		if err := errors.Join(errs[:]...); err != nil {
			return nil, err
		}
		spans = append(spans, s)
	}
	return spans, nil
}

// required is the last round of some that wrote each block; 0: none did.
func required(spans []span, blocks int) []uint64 {
	last := make([]uint64, blocks)
	for _, s := range spans {
		for round := s.from; round <= s.to; round++ {
			for _, e := range extentsOf(round, blocks) {
				for b := e.first; b < e.first+e.n; b++ {
					last[b] = max(last[b], round)
				}
			}
		}
	}
	return last
}
