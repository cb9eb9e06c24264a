package main

import (
	"fmt"
	"slices"

	"tuco/tools/rtcheck/reach"
)

const pageSize = 4096

// split cuts the text into parts, leaving out the largest runs of pages of which nothing is reached: most of the
// runtime's. They need no place in the file, nor in memory.
func (img *image) split(dead []reach.Range, parts int) error {
	text := reach.Range{Start: img.text.addr, End: img.text.addr + img.text.size}
	live := livePages(text, dead)
	if len(live) < parts {
		return fmt.Errorf("%s: the text cannot be cut into %d parts: only %d are apart", img.path, parts, len(live))
	}
	img.parts = nil
	for _, r := range join(live, parts) {
		img.parts = append(img.parts, segment{
			addr: r.Start, size: r.End - r.Start, bytes: img.text.bytes[r.Start-text.Start : r.End-text.Start],
		})
	}
	return nil
}

// livePages is the text without the whole pages that are dead.
func livePages(text reach.Range, dead []reach.Range) []reach.Range {
	var live []reach.Range
	at := text.Start
	for _, d := range dead {
		start, end := (d.Start+pageSize-1)&^(pageSize-1), d.End&^(pageSize-1)
		if d.End == text.End {
			end = text.End
		}
		if start >= end {
			continue
		}
		if start > at {
			live = append(live, reach.Range{Start: at, End: start})
		}
		at = end
	}
	if at < text.End {
		live = append(live, reach.Range{Start: at, End: text.End})
	}
	return live
}

// join closes the smallest gaps until there are n ranges.
func join(ranges []reach.Range, n int) []reach.Range {
	ranges = slices.Clone(ranges)
	for len(ranges) > n {
		smallest := 0
		gap := func(i int) uint64 { return ranges[i+1].Start - ranges[i].End }
		for i := range len(ranges) - 1 {
			if gap(i) < gap(smallest) {
				smallest = i
			}
		}
		ranges[smallest].End = ranges[smallest+1].End
		ranges = slices.Delete(ranges, smallest+1, smallest+2)
	}
	return ranges
}
