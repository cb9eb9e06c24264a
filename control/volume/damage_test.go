package volume

import (
	"errors"
	"hash/crc32"
	"testing"

	"github.com/stretchr/testify/require"
)

// damagedStore is a store with volumes a (and its snapshot), b and c, and a log with some commits after the checkpoint.
func damagedStore(t testing.TB) (*Store, *disk) {
	s, d := newStore(t, 4<<20)
	for i, name := range []string{"a", "b", "c"} {
		write(t, newVolume(t, s, name, 1<<20), noise(int64(i), 2*ExtentSize), 0)
	}
	require.NoError(t, s.Snapshot("a", "then"))
	v := &Volume{s: s, r: s.records[1]}
	for i := range int64(3) {
		write(t, v, noise(10+i, 512), (4+i)*ExtentSize)
		require.NoError(t, v.Flush())
	}
	require.Equal(t, 3, s.log.next)
	return s, d
}

// spoil turns a bit of a block over.
func (d *disk) spoil(at slot) { d.now[at.offset()+headerSize+8] ^= 1 }

// opened says what Open says.
func opened(d *disk, o Options) (*Store, []string, *DamageError) {
	s, report, err := Open(d, o)
	var damage *DamageError
	if !errors.As(err, &damage) && err != nil {
		damage = &DamageError{Damage: []Damage{{Reason: err.Error()}}}
	}
	return s, report, damage
}

// TestDamagedSuperblock has one copy damaged, of each of the four: it is said, and repaired.
func TestDamagedSuperblock(t *testing.T) {
	for i := range 4 {
		s, d := damagedStore(t)
		d.spoil(supersOfExtents(s.super.extents)[i])
		_, report, damage := opened(d, Options{})
		require.Nil(t, damage)
		require.Len(t, report, 1)
		require.Contains(t, report[0], "the superblock's checksum is wrong")
		s = reopen(t, d)
		require.NoError(t, s.Check())
		require.Equal(t, noise(12, 512), read(t, openVolume(t, s, "b"), 6*ExtentSize, 512))
	}
}

// TestLostSuperblock has both copies of the newest damaged. If the log shows that it was there, the older one isn't taken for
// the state of things; else it may be.
func TestLostSuperblock(t *testing.T) {
	s, d := damagedStore(t)
	for _, at := range superSlots(s.super.generation, s.super.extents) {
		d.spoil(at)
	}
	_, _, damage := opened(d, Options{})
	require.ErrorContains(t, damage, "both copies of the superblock of generation 6 are damaged")
	require.ErrorContains(t, damage, "then format the disk")
	require.False(t, damage.Droppable)
	_, report, damage := opened(d, Options{ReadOnly: true})
	require.Nil(t, damage)
	require.Contains(t, report[2], "both copies of a superblock were damaged; generation 5 is open")

	s, d = newStore(t, 4<<20)
	require.NoError(t, s.Create("a", 512))
	require.NoError(t, s.Create("b", 512))
	for _, at := range superSlots(s.super.generation, s.super.extents) {
		d.spoil(at)
	}
	s, report, damage = opened(d, Options{})
	require.Nil(t, damage)
	require.Len(t, report, 3)
	openVolume(t, s, "a")
	_, err := s.OpenVolume("b", false)
	require.ErrorIs(t, err, ErrNotFound)
	require.NoError(t, s.Check())
}

// TestDamagedMap has a leaf damaged that two volumes share: both are named, the others can be saved, and kept.
func TestDamagedMap(t *testing.T) {
	s, d := damagedStore(t)
	d.spoil(s.records[0].root)
	_, _, damage := opened(d, Options{})
	require.NotNil(t, damage)
	require.True(t, damage.Droppable)
	require.Len(t, damage.Damage, 2)
	require.ErrorContains(t, damage, "volume a: byte")
	require.ErrorContains(t, damage, "volume then: byte")
	require.ErrorContains(t, damage, "map block's checksum is wrong")
	require.ErrorContains(t, damage, "so that damaged volumes are deleted")

	s, report, damage := opened(d, Options{ReadOnly: true})
	require.Nil(t, damage)
	require.Len(t, report, 2)
	_, err := s.OpenVolume("b", false)
	require.ErrorIs(t, err, ErrReadOnly)
	require.ErrorIs(t, s.Create("d", 512), ErrReadOnly)
	v, err := s.OpenVolume("b", true)
	require.NoError(t, err)
	require.Equal(t, noise(1, 2*ExtentSize), read(t, v, 0, 2*ExtentSize))
	require.Equal(t, noise(12, 512), read(t, v, 6*ExtentSize, 512), "the log is applied")
	v, err = s.OpenVolume("a", true)
	require.NoError(t, err)
	_, err = v.ReadAt(make([]byte, 512), 0)
	require.ErrorContains(t, err, "volume a")
	require.NoError(t, s.Close())
	require.Empty(t, d.pending[0])

	s, report, damage = opened(d, Options{DropDamaged: true})
	require.Nil(t, damage)
	require.Len(t, report, 2)
	require.Contains(t, report[0], "deleted")
	list, err := s.List()
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.NoError(t, s.Check())
	require.Equal(t, noise(12, 512), read(t, openVolume(t, reopen(t, d), "b"), 6*ExtentSize, 512))
}

func TestDamagedDirectory(t *testing.T) {
	s, d := damagedStore(t)
	d.spoil(s.super.directory[0])
	_, _, damage := opened(d, Options{})
	require.ErrorContains(t, damage, "the directory block's checksum is wrong")
	s, _, damage = opened(d, Options{DropDamaged: true})
	require.Nil(t, damage)
	require.NoError(t, s.Check())
	require.NoError(t, reopen(t, d).Check())
}

// TestDamagedLog has a block of the log damaged. The last commit's can't be told from one that a power cut tore; before it, damage shows.
func TestDamagedLog(t *testing.T) {
	for i := range 3 {
		s, d := damagedStore(t)
		d.spoil(s.super.logSlot(i))
		_, _, damage := opened(d, Options{})
		if i == 2 {
			require.Nil(t, damage)
			continue
		}
		require.ErrorContains(t, damage, "a block of the log is damaged, and later ones are there")
		require.False(t, damage.Droppable)
		_, _, damage = opened(d, Options{DropDamaged: true})
		require.NotNil(t, damage)
		s, _, damage = opened(d, Options{ReadOnly: true})
		require.Nil(t, damage)
		v, err := s.OpenVolume("c", true)
		require.NoError(t, err)
		require.Equal(t, noise(2, 2*ExtentSize), read(t, v, 0, 2*ExtentSize))
	}
}

func TestSmallerDisk(t *testing.T) {
	_, d := newStore(t, 4<<20)
	d.now = d.now[:3<<20]
	_, _, err := Open(d, Options{})
	require.ErrorContains(t, err, "was made on a disk of 4194304 bytes, and this one has 3145728: give the host the whole disk")
}

// reseal makes a block's checksum right again, whatever the block says.
func (d *disk) reseal(at slot) {
	block := d.now[at.offset():][:nodeSize]
	if magic(le.Uint32(block)) == magicSuper {
		block = block[:Sector]
	}
	le.PutUint32(block[4:], crc32.Checksum(block[8:], castagnoli))
}

// TestImpossible has blocks with good checksums that say what can't be.
func TestImpossible(t *testing.T) {
	for _, c := range []struct {
		what string
		at   func(s *Store) (at slot, offset int, value uint32)
		says string
	}{
		{"a leaf names the log", func(s *Store) (slot, int, uint32) { return s.records[0].root, headerSize, 1 }, "extent 1, which no volume can have"},
		{"a leaf names what isn't there", func(s *Store) (slot, int, uint32) { return s.records[0].root, headerSize, 1 << 30 }, "which no volume can have"},
		{"a leaf names map blocks", func(s *Store) (slot, int, uint32) {
			return s.records[0].root, headerSize, uint32(s.records[0].root.extent())
		}, "where the store's blocks lie"},
		{"a node of another level", func(s *Store) (slot, int, uint32) { return s.records[0].root, 28, 1 }, "of level 1"},
		{"a node of a generation to come", func(s *Store) (slot, int, uint32) { return s.records[0].root, 16, 1000 }, "generation 1000"},
		{"a node in another's place", func(s *Store) (slot, int, uint32) { return s.records[0].root, 24, 77 }, "was written for byte 315392"},
		{"a root in the log", func(s *Store) (slot, int, uint32) { return s.super.directory[0], headerSize + recordSize + 72, 17 }, "can't be there"},
		{"a root that is the directory", func(s *Store) (slot, int, uint32) {
			return s.super.directory[0], headerSize + recordSize + 72, uint32(s.super.directory[0])
		}, "two blocks of the store have this place"},
		{"a volume of no height", func(s *Store) (slot, int, uint32) { return s.super.directory[0], headerSize + recordSize + 76, 0 }, "record 1 of the directory is impossible"},
		{"a volume of great height", func(s *Store) (slot, int, uint32) { return s.super.directory[0], headerSize + recordSize + 76, 9 }, "record 1 of the directory is impossible"},
		{"two volumes of one name", func(s *Store) (slot, int, uint32) { return s.super.directory[0], headerSize + recordSize, 'a' }, "two volumes have this name"},
		{"a directory block in the log", func(s *Store) (slot, int, uint32) {
			return superSlots(s.super.generation, s.super.extents)[0], 40, 17
		}, "none can be there"},
		{"an update of a block that isn't there", func(s *Store) (slot, int, uint32) {
			return s.super.logSlot(2), logHeader + 4, 5000
		}, "has no block 5000"},
		{"an update to an extent in use", func(s *Store) (slot, int, uint32) {
			return s.super.logSlot(2), logHeader + 8, uint32(s.records[1].root.extent())
		}, "is in use"},
		{"an update of a volume that can't be", func(s *Store) (slot, int, uint32) {
			return s.super.logSlot(2), logHeader, 1 << 20
		}, "there is no volume 1048576"},
	} {
		t.Run(c.what, func(t *testing.T) {
			s, d := damagedStore(t)
			at, offset, value := c.at(s)
			le.PutUint32(d.now[at.offset()+int64(offset):], value)
			d.reseal(at)
			_, _, damage := opened(d, Options{})
			require.NotNil(t, damage)
			require.ErrorContains(t, damage, c.says)
		})
	}
}

// FuzzOpen changes a store's blocks, with good checksums, and opens it in all ways: nothing panics, and what opens for writing is consistent.
func FuzzOpen(f *testing.F) {
	s, d := damagedStore(f)
	image := d.now
	for _, at := range []slot{s.records[0].root, s.super.directory[0], superSlots(s.super.generation, s.super.extents)[0], s.super.logSlot(0)} {
		f.Add(uint32(at), uint16(headerSize), uint32(1), uint32(at), uint16(headerSize+8), uint32(1<<31))
	}
	f.Fuzz(func(t *testing.T, at1 uint32, offset1 uint16, value1, at2 uint32, offset2 uint16, value2 uint32) {
		d := newDisk(4 << 20)
		copy(d.now, image)
		for _, c := range []struct {
			at     uint32
			offset uint16
			value  uint32
		}{{at1, offset1, value1}, {at2, offset2, value2}} {
			at := slot(c.at % (4 << 20 / nodeSize))
			le.PutUint32(d.now[at.offset()+int64(c.offset%nodeSize/4*4):], c.value)
			d.reseal(at)
		}
		for _, o := range []Options{{ReadOnly: true}, {}, {DropDamaged: true}} {
			s, _, err := Open(d, o)
			if err != nil {
				continue
			}
			list, err := s.List()
			if err != nil && !o.ReadOnly {
				t.Fatal(err)
			}
			for _, info := range list {
				v, err := s.OpenVolume(info.Name, true)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = v.ReadAt(make([]byte, min(info.Size, 1<<20)), 0)
				_, _, _ = v.Data(0)
			}
			if o.ReadOnly {
				continue
			}
			if err := s.Check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
