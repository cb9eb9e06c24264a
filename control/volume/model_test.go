package volume

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	cuts = flag.Int("volume.cuts", 0, "power cuts in TestPowerCuts; 0: some hundred")
	seed = flag.Int64("volume.seed", 1, "of TestPowerCuts")
)

// model is what a store must hold: a plain map from sectors to what was written there.
type model struct {
	t       *testing.T
	r       *rand.Rand
	disk    *disk
	s       *Store
	volumes map[string]*modelVolume
	tag     uint64 // that was written last
	unsure  string // a volume whose creation or deletion the power cut interrupted
	full    int    // how often the disk was
}

type modelVolume struct {
	*Volume
	size     int64
	readOnly bool
	sectors  map[int64]cell // 0 where there is none
}

// cell is what a sector holds: all of it is one number, over and over.
type cell struct {
	now   uint64
	other []uint64 // what it may hold instead after a power cut
}

func (c cell) write(tag uint64) cell {
	return cell{tag, append(slices.Clone(c.other), c.now)}
}

func fill(p []byte, tag uint64) {
	for i := 0; i < len(p); i += 8 {
		binary.LittleEndian.PutUint64(p[i:], tag)
	}
}

// open opens the store, and all volumes that are there. It tells whether the power is still there.
func (m *model) open() bool {
	s, report, err := Open(m.disk, Options{CacheNodes: 8})
	if !m.power() {
		return false
	}
	require.NoError(m.t, err)
	require.Empty(m.t, report)
	require.NoError(m.t, s.Check())
	m.s = s
	list, err := s.List()
	require.NoError(m.t, err)
	var names []string
	for _, info := range list {
		names = append(names, info.Name)
	}
	if m.unsure != "" && !slices.Contains(names, m.unsure) {
		delete(m.volumes, m.unsure)
	}
	require.ElementsMatch(m.t, slices.Collect(maps.Keys(m.volumes)), names)
	for name, v := range m.volumes {
		v.Volume, err = s.OpenVolume(name, v.readOnly)
		require.NoError(m.t, err)
	}
	return true
}

// verify compares a volume with what it must hold, or may hold after a power cut; from then on, that is what it holds.
func (m *model) verify(name string, v *modelVolume, afterCut bool) {
	if afterCut && v.Size() != v.size {
		require.Equal(m.t, m.unsure, name, "its size is another, and wasn't being changed")
	}
	v.size = v.Size()
	blocks := map[int64]bool{m.r.Int63n(v.size) / ExtentSize: true}
	for s := range v.sectors {
		blocks[s*Sector/ExtentSize] = true
	}
	for b := range blocks {
		p := make([]byte, min(ExtentSize, v.size-b*ExtentSize))
		_, err := v.ReadAt(p, b*ExtentSize)
		require.NoError(m.t, err)
		for i := 0; i < len(p); i += Sector {
			at := (b*ExtentSize + int64(i)) / Sector
			tag := binary.LittleEndian.Uint64(p[i:])
			if !bytes.Equal(p[i+8:i+Sector], p[i:i+Sector-8]) {
				require.Failf(m.t, "torn", "%s: sector %d", name, at)
			}
			c := v.sectors[at]
			if tag != c.now && !(afterCut && slices.Contains(c.other, tag)) {
				require.Failf(m.t, "wrong content", "%s: sector %d holds %d and not %d or %v", name, at, tag, c.now, c.other)
			}
			if afterCut {
				m.put(v, at, cell{now: tag})
			}
		}
	}
}

func (m *model) put(v *modelVolume, sector int64, c cell) {
	if c.now == 0 && len(c.other) == 0 {
		delete(v.sectors, sector)
		return
	}
	v.sectors[sector] = c
}

// durable is what every call promises that makes a commit.
func (m *model) durable() {
	for _, v := range m.volumes {
		for at, c := range v.sectors {
			m.put(v, at, cell{now: c.now})
		}
	}
}

// pick gives a volume of those there are.
func (m *model) pick() (string, *modelVolume) {
	names := slices.Sorted(maps.Keys(m.volumes))
	name := names[m.r.Intn(len(names))]
	return name, m.volumes[name]
}

func (m *model) newName() string {
	for {
		name := fmt.Sprintf("v%d", m.r.Intn(1000))
		if m.volumes[name] == nil {
			return name
		}
	}
}

// offset gives a place within a volume; most are in few blocks.
func (m *model) offset(size int64) int64 {
	off := m.r.Int63n(8) * ExtentSize
	if m.r.Intn(4) == 0 {
		off += m.r.Int63n(4) * span(0) * ExtentSize / 2
	}
	if m.r.Intn(2) == 0 {
		off += m.r.Int63n(ExtentSize/Sector) * Sector
	}
	return off % size
}

// step does one thing, and tells whether the power is still there.
func (m *model) step() bool {
	if len(m.volumes) == 0 {
		return m.create()
	}
	name, v := m.pick()
	switch n := m.r.Intn(100); {
	case n < 50:
		return v.readOnly || m.write(v)
	case n < 57:
		return v.readOnly || m.discard(v)
	case n < 77:
		return m.flush(v)
	case n < 83:
		return m.power() && m.read(name, v)
	case n < 87:
		return len(m.volumes) > 12 || m.create()
	case n < 90:
		return m.remove(name, v)
	case n < 97:
		return len(m.volumes) > 12 || m.share(name, v)
	case n < 99:
		return v.readOnly || m.resize(name, v)
	default:
		err := m.s.Close()
		if m.power() {
			require.NoError(m.t, err)
			m.durable()
			return m.open()
		}
		return false
	}
}

// power tells whether a call ended otherwise than by a power cut.
func (m *model) power() bool {
	m.disk.mu.Lock()
	defer m.disk.mu.Unlock()
	return m.disk.left != 0
}

func (m *model) write(v *modelVolume) bool {
	off := m.offset(v.size)
	n := 1 + m.r.Int63n(16)
	if m.r.Intn(10) == 0 {
		n = 1 + m.r.Int63n(3*ExtentSize/Sector)
	}
	n = min(n, (v.size-off)/Sector)
	p := make([]byte, n*Sector)
	for i := range n {
		m.tag++
		fill(p[i*Sector:][:Sector], m.tag)
		if m.r.Intn(20) == 0 {
			fill(p[i*Sector:][:Sector], 0)
		}
	}
	_, err := v.WriteAt(p, off)
	for i := range n {
		at := off/Sector + i
		m.put(v, at, v.sectors[at].write(binary.LittleEndian.Uint64(p[i*Sector:])))
	}
	return m.judge(v, off, n, err)
}

func (m *model) discard(v *modelVolume) bool {
	off := m.offset(v.size)
	n := min(1+m.r.Int63n(3*ExtentSize/Sector), (v.size-off)/Sector)
	err := v.Discard(off, n*Sector)
	for i := range n {
		at := off/Sector + i
		m.put(v, at, v.sectors[at].write(0))
	}
	return m.judge(v, off, n, err)
}

// judge judges the end of a write. If it failed because the disk is full, what was written is looked at.
func (m *model) judge(v *modelVolume, off, n int64, err error) bool {
	if !m.power() {
		return false
	}
	if !errors.Is(err, ErrFull) {
		require.NoError(m.t, err)
		return true
	}
	m.full++
	p := make([]byte, n*Sector)
	_, err = v.ReadAt(p, off)
	require.NoError(m.t, err)
	for i := range n {
		at := off/Sector + i
		c := v.sectors[at]
		tag := binary.LittleEndian.Uint64(p[i*Sector:])
		if tag != c.now {
			require.Contains(m.t, c.other, tag)
			m.put(v, at, c.write(tag))
		}
	}
	return true
}

func (m *model) flush(v *modelVolume) bool {
	if v.readOnly {
		return true
	}
	err := v.Flush()
	if m.power() {
		require.NoError(m.t, err)
		m.durable()
	}
	return m.power()
}

func (m *model) read(name string, v *modelVolume) bool {
	m.verify(name, v, false)
	require.NoError(m.t, m.s.Check())
	return true
}

func (m *model) create() bool {
	name := m.newName()
	size := []int64{Sector, ExtentSize + Sector, 1 << 20, 200 << 20, 100 << 30}[m.r.Intn(5)]
	err := m.s.Create(name, size)
	m.volumes[name] = &modelVolume{size: size, sectors: map[int64]cell{}}
	return m.made(name, err)
}

func (m *model) share(name string, v *modelVolume) bool {
	other := m.newName()
	var err error
	readOnly := m.r.Intn(2) == 0
	if readOnly {
		err = m.s.Snapshot(name, other)
	} else {
		err = m.s.Clone(name, other)
	}
	now := map[int64]cell{}
	for at, c := range v.sectors {
		if c.now != 0 {
			now[at] = cell{now: c.now}
		}
	}
	m.volumes[other] = &modelVolume{size: v.size, readOnly: readOnly, sectors: now}
	return m.made(other, err)
}

// made judges the making of a volume.
func (m *model) made(name string, err error) bool {
	if !m.power() {
		m.unsure = name
		return false
	}
	if errors.Is(err, ErrFull) {
		m.full++
		delete(m.volumes, name)
		return true
	}
	require.NoError(m.t, err)
	m.durable()
	v := m.volumes[name]
	v.Volume, err = m.s.OpenVolume(name, v.readOnly)
	require.NoError(m.t, err)
	return true
}

func (m *model) remove(name string, v *modelVolume) bool {
	require.ErrorIs(m.t, m.s.Delete(name), ErrBusy)
	require.NoError(m.t, v.Close())
	err := m.s.Delete(name)
	if !m.power() {
		m.unsure = name
		return false
	}
	require.NoError(m.t, err)
	m.durable()
	delete(m.volumes, name)
	return true
}

func (m *model) resize(name string, v *modelVolume) bool {
	size := v.size + m.r.Int63n(1<<uint(10+m.r.Intn(30)))*Sector
	if size > MaxSize {
		return true
	}
	err := m.s.Resize(name, size)
	if !m.power() {
		m.unsure = name
		return false
	}
	if errors.Is(err, ErrFull) {
		m.full++
		return true
	}
	require.NoError(m.t, err)
	m.durable()
	v.size = size
	return true
}

// TestPowerCuts does random things to a store, and cuts the power at random moments. Then the store opens again with nothing to repair, every
// sector holds what was flushed last or something written later, and what is counted as used is what is used.
func TestPowerCuts(t *testing.T) {
	t.Parallel()
	n := *cuts
	if n == 0 {
		n = 200
		if testing.Short() {
			n = 30
		}
	}
	m := &model{t: t, r: rand.New(rand.NewSource(*seed))}
	full := 0
	for i := range n {
		if i%20 == 0 {
			full += m.full
			m.full = 0
			m.disk = newDisk(2<<20 + m.r.Int63n(2<<20)/Sector*Sector)
			require.NoError(t, Format(m.disk, false))
			m.volumes = map[string]*modelVolume{}
			m.open()
		}
		m.disk.left = 1 + m.r.Intn(100)
		for m.step() {
		}
		m.disk = m.disk.cut(m.r)
		if m.r.Intn(3) == 0 {
			// The power goes once more while the store is being opened.
			m.disk.left = 1 + m.r.Intn(8)
			_, _, err := Open(m.disk, Options{})
			if err == nil {
				m.disk.left = -1
			}
			m.disk = m.disk.cut(m.r)
		}
		m.open()
		for _, name := range slices.Sorted(maps.Keys(m.volumes)) {
			m.verify(name, m.volumes[name], true)
		}
		m.unsure = ""
		require.NoError(t, m.s.Check())
	}
	t.Logf("%d power cuts, the disk was full %d times", n, full+m.full)
	if n >= 100 {
		require.NotZero(t, full+m.full)
	}
}
