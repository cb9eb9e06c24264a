package qcow2

// entry is one of an L1 or L2 table: a cluster's byte in the file, and flags.
type entry uint64

const (
	entryZero       entry = 1 << 0 // of an L2 table: reads as zeros, whatever else it says
	entryCompressed entry = 1 << 62
	entryOffset     entry = 1<<56 - 1<<9
)

func (e entry) offset() int64    { return int64(e & entryOffset) }
func (e entry) compressed() bool { return e&entryCompressed != 0 }

// extent is where a compressed cluster begins, and how many bytes it has at most: the entry tells in how many sectors it lies.
func (e entry) extent(clusterBits uint) (at, length int64) {
	x := 62 - (clusterBits - 8)
	at = int64(e & (1<<x - 1))
	sectors := int64((e&^entryCompressed)<<1>>1>>x) + 1
	return at, sectors*sector - at%sector
}

// each calls f for each cluster of the disk that is no hole, in order. It fails where a table or a cluster can't be what the entry
// says, before it calls f for it.
func (m *Image) each(f func(off int64, e entry) error) error {
	used, err := newUsed(m)
	if err != nil {
		return err
	}
	if err := used.take(0, m.cluster(), "the header"); err != nil {
		return err
	}
	n := m.l1Entries()
	if err := used.take(m.l1, n*8, "the L1 table"); err != nil {
		return err
	}
	const piece = 8 << 10 // entries that are in memory at a time: there may be millions
	l1, l2 := make([]byte, min(n, piece)*8), make([]byte, m.cluster())
	for first := int64(0); first < n; first += piece {
		part := l1[:min(n-first, piece)*8]
		if err := readFull(m.file, part, m.l1+first*8); err != nil {
			return err
		}
		for i := range int64(len(part) / 8) {
			if err := m.eachIn(entry(be.Uint64(part[i*8:])), l2, (first+i)*m.l2Entries(), used, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// eachIn does that for the clusters of the L2 table that an entry names, which is read into l2.
func (m *Image) eachIn(e entry, l2 []byte, first int64, used *used, f func(off int64, e entry) error) error {
	if e.offset() == 0 {
		return nil
	}
	if err := used.take(e.offset(), m.cluster(), "an L2 table"); err != nil {
		return err
	}
	if err := readFull(m.file, l2, e.offset()); err != nil {
		return err
	}
	return m.eachOf(l2, first, used, f)
}

// eachOf does that for the clusters of an L2 table, from the first one on.
func (m *Image) eachOf(l2 []byte, first int64, used *used, f func(off int64, e entry) error) error {
	for i := range m.l2Entries() {
		off := (first + i) * m.cluster()
		if off >= m.size {
			return nil
		}
		e := entry(be.Uint64(l2[i*8:]))
		switch {
		case e.compressed():
			if at, _ := e.extent(m.clusterBits); at >= m.bytes {
				return truncated("a compressed cluster", at, m.bytes)
			}
		case e&entryZero != 0 || e.offset() == 0:
			continue
		default:
			if err := used.take(e.offset(), min(m.cluster(), m.size-off), "a data cluster"); err != nil {
				return err
			}
		}
		if err := f(off, e); err != nil {
			return err
		}
	}
	return nil
}

// used has a bit for each cluster of the file.
type used struct {
	image *Image
	bits  []uint64
}

// maxClusters bounds used's memory at 4 MiB: who imports an image may have 64 for everything. With clusters of 64 KiB that is a file of 2 TiB.
const maxClusters = 1 << 25

func newUsed(m *Image) (*used, error) {
	n := (m.bytes-1)/m.cluster() + 1
	if n > maxClusters {
		return nil, wrong("a file of %d bytes, in clusters of %d: convert it with: qemu-img convert -O qcow2 -o cluster_size=64k OLD NEW", m.bytes, m.cluster())
	}
	return &used{m, make([]uint64, (n+63)/64)}, nil
}

// take says that something has its clusters for itself. It fails where they aren't in the file, or another has them.
func (u *used) take(off, length int64, what string) error {
	cluster := u.image.cluster()
	switch {
	case off%cluster != 0:
		return wrong("%s is at byte %d, within a cluster", what, off)
	case off > u.image.bytes || length > u.image.bytes-off:
		return truncated(what, off+length, u.image.bytes)
	}
	for i := off / cluster; i*cluster < off+length; i++ {
		bit := uint64(1) << (i % 64)
		if u.bits[i/64]&bit != 0 {
			return wrong("%s has the cluster at byte %d, and another has it too: repair the image with: qemu-img check -r all IMAGE", what, i*cluster)
		}
		u.bits[i/64] |= bit
	}
	return nil
}

func truncated(what string, need, have int64) error {
	return wrong("%s ends at byte %d, and the file has %d: it is truncated; get the whole of it", what, need, have)
}
