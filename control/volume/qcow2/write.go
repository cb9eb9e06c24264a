package qcow2

import (
	"bufio"
	"io"
	"math/bits"
	"slices"
)

// Source is a disk to be written. Data finds the next bytes at or behind off that are no hole; behind the last, start is the size.
type Source interface {
	io.ReaderAt
	Size() int64
	Data(off int64) (start, end int64, err error)
}

const (
	writeBits    = 16
	writeCluster = 1 << writeBits
	perTable     = writeCluster / 8 // entries of a table
	perRefcounts = writeCluster / 2 // counts of 16 bits
)

// layout is where the parts of a file begin, counted in clusters. They lie in this order, behind the header.
type layout struct {
	present    []uint64 // a bit for each cluster of the disk that is no hole
	clusters   int64    // of the disk
	data       int64    // of these, no holes
	tables     int64    // L2 tables that have an entry
	l1         int64    // clusters of the L1 table
	refcounts  int64    // blocks of reference counts
	refcountL1 int64    // clusters of the table of these
}

func (l *layout) has(i int64) bool { return l.present[i/64]&(1<<(i%64)) != 0 }

// next is the first cluster from i on that is no hole, or the disk's end.
func (l *layout) next(i int64) int64 {
	for ; i < l.clusters; i = (i/64 + 1) * 64 {
		if word := l.present[i/64] >> (i % 64); word != 0 {
			return i + int64(bits.TrailingZeros64(word))
		}
	}
	return l.clusters
}

// total is how many clusters the file has.
func (l *layout) total() int64 { return l.firstData() + l.data }

func (l *layout) firstRefcounts() int64 { return 1 + l.refcountL1 }
func (l *layout) firstL1() int64        { return l.firstRefcounts() + l.refcounts }
func (l *layout) firstL2() int64        { return l.firstL1() + l.l1 }
func (l *layout) firstData() int64      { return l.firstL2() + l.tables }

// hasAny tells whether the i-th L2 table has an entry.
func (l *layout) hasAny(i int64) bool {
	words := l.present[i*perTable/64:]
	return slices.IndexFunc(words[:min(perTable/64, len(words))], func(w uint64) bool { return w != 0 }) >= 0
}

// Write writes a disk as a qcow2 image, version 3. The disk must not change meanwhile.
func Write(w io.Writer, from Source) error {
	l, err := plan(from)
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(w, writeCluster)
	l.writeHeader(b, from.Size())
	l.writeTables(b)
	cluster := make([]byte, writeCluster)
	for i := l.next(0); i < l.clusters; i = l.next(i + 1) {
		n := min(writeCluster, from.Size()-i*writeCluster)
		if _, err := from.ReadAt(cluster[:n], i*writeCluster); err != nil {
			return err
		}
		clear(cluster[n:])
		if _, err := b.Write(cluster); err != nil {
			return err
		}
	}
	return b.Flush()
}

// plan finds what there is to write, and so how large each part is.
func plan(from Source) (*layout, error) {
	size := from.Size()
	l := &layout{clusters: ceil(size, writeCluster)}
	l.present = make([]uint64, ceil(l.clusters, 64))
	for off := int64(0); off < size; {
		start, end, err := from.Data(off)
		if err != nil {
			return nil, err
		}
		for i := start / writeCluster; i*writeCluster < end; i++ {
			if !l.has(i) {
				l.present[i/64] |= 1 << (i % 64)
				l.data++
			}
		}
		off = max(end, start)
	}
	tables := ceil(l.clusters, perTable)
	l.l1 = ceil(tables, perTable)
	for i := range tables {
		if l.hasAny(i) {
			l.tables++
		}
	}
	// The counts count their own blocks too.
	for l.refcounts*perRefcounts < l.total() {
		l.refcounts++
		l.refcountL1 = ceil(l.refcounts, perTable)
	}
	return l, nil
}

func ceil(n, by int64) int64 { return (n + by - 1) / by }

func (l *layout) writeHeader(w *bufio.Writer, size int64) {
	b := make([]byte, writeCluster)
	copy(b, magic)
	be.PutUint32(b[4:], 3)
	be.PutUint32(b[20:], writeBits)
	be.PutUint64(b[24:], uint64(size))
	be.PutUint32(b[36:], uint32(ceil(l.clusters, perTable)))
	be.PutUint64(b[40:], uint64(l.firstL1()*writeCluster))
	be.PutUint64(b[48:], writeCluster) // the table of reference counts
	be.PutUint32(b[56:], uint32(l.refcountL1))
	be.PutUint32(b[96:], 4) // counts of 2^4 bits
	be.PutUint32(b[100:], headerV3)
	_, _ = w.Write(b) // bufio keeps the error for Flush
}

// entryCopied marks a cluster that one entry names.
const entryCopied entry = 1 << 63

// writeTables writes what lies between header and data.
func (l *layout) writeTables(w *bufio.Writer) {
	table := make([]byte, writeCluster)
	n := 0
	put := func(v uint64, size int) {
		if size == 2 {
			be.PutUint16(table[n:], uint16(v))
		} else {
			be.PutUint64(table[n:], v)
		}
		if n += size; n == len(table) {
			_, _ = w.Write(table)
			clear(table)
			n = 0
		}
	}
	pad := func() {
		if n > 0 {
			_, _ = w.Write(table)
			clear(table)
			n = 0
		}
	}
	for i := range l.refcounts {
		put(uint64((l.firstRefcounts()+i)*writeCluster), 8)
	}
	pad()
	for range l.total() {
		put(1, 2)
	}
	pad()
	at := l.firstL2()
	for i := range ceil(l.clusters, perTable) {
		if !l.hasAny(i) {
			put(0, 8)
			continue
		}
		put(uint64(entryCopied)|uint64(at*writeCluster), 8)
		at++
	}
	pad()
	at = l.firstData()
	for table := range ceil(l.clusters, perTable) {
		if !l.hasAny(table) {
			continue
		}
		for i := table * perTable; i < (table+1)*perTable; i++ {
			if i >= l.clusters || !l.has(i) {
				put(0, 8)
				continue
			}
			put(uint64(entryCopied)|uint64(at*writeCluster), 8)
			at++
		}
	}
}
