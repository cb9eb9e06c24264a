package main

import (
	"fmt"
	"runtime"
)

// node is what the heap is full of: the collector has to follow each.
type node struct {
	next *node
	_    [6]uint64
}

var live *node

// collector is garbage collections with so much in use.
func collector() (rows []row, err error) {
	const few, nodeSize = 5, 56 + 8
	for _, megabytes := range []int{1, 8} {
		rows = append(rows, row{op: fmt.Sprintf("garbage collection, %d MiB in use", megabytes), n: 1, samples: few,
			before: func() {
				live = nil
				for range megabytes << 20 / nodeSize {
					live = &node{next: live}
				}
			},
			work: runtime.GC,
		})
	}
	return rows, nil
}
