package trace

import (
	"strings"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/exit"
	"tuco/kernel/klog"
)

// attach gives a CPU a buffer of this many records for the length of a test.
func attach(t *testing.T, cpu, records int) []byte {
	t.Helper()
	words := make([]uint64, (headerSize+records*recordSize)/8)
	memory := unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), len(words)*8)
	require.True(t, Attach(cpu, 0, memory))
	t.Cleanup(func() { buffers[cpu] = buffer{}; tscKHz = 0; Enable(0) })
	return memory
}

func dump(t *testing.T, n int) []string {
	t.Helper()
	var out strings.Builder
	klog.Sink = func(line []byte) { out.Write(line) }
	defer func() { klog.Sink = nil }()
	Dump(n)
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

// Records that are made while a dump is written, on CPUs that go on, do not make it any longer.
func TestDumpEnds(t *testing.T) {
	attach(t, 0, 8)
	for i := range uint64(4) {
		buffers[0].put(i, 0, Mark, NoVCPU, i, 0)
	}
	lines, at := 0, uint64(100)
	klog.Sink = func([]byte) {
		lines++
		require.Less(t, lines, 100)
		for range 3 {
			buffers[0].put(at, 0, Mark, NoVCPU, at, 0)
			at++
		}
	}
	defer func() { klog.Sink = nil }()
	Dump(16)
	assert.Equal(t, 1+4, lines)
}

func TestLayoutIsTheContract(t *testing.T) {
	assert.EqualValues(t, 8, unsafe.Offsetof(Header{}.Version))
	assert.EqualValues(t, 12, unsafe.Offsetof(Header{}.RecordSize))
	assert.EqualValues(t, 16, unsafe.Offsetof(Header{}.Offset))
	assert.EqualValues(t, 20, unsafe.Offsetof(Header{}.Capacity))
	assert.EqualValues(t, 24, unsafe.Offsetof(Header{}.CPU))
	assert.EqualValues(t, 32, unsafe.Offsetof(Header{}.TSCkHz))
	assert.EqualValues(t, 40, unsafe.Offsetof(Header{}.Produced))
	assert.EqualValues(t, 8, unsafe.Offsetof(Record{}.Event))
	assert.EqualValues(t, 10, unsafe.Offsetof(Record{}.CPU))
	assert.EqualValues(t, 12, unsafe.Offsetof(Record{}.VCPU))
	assert.EqualValues(t, 16, unsafe.Offsetof(Record{}.A))
	assert.EqualValues(t, 24, unsafe.Offsetof(Record{}.B))
	assert.Zero(t, unsafe.Sizeof(buffer{})%64)
	memory := attach(t, 0, 4)
	assert.Equal(t, "TUCOTRC1", string(memory[:8]))
}

func TestOffRecordsNothing(t *testing.T) {
	attach(t, 0, 4)
	Enable(1 << ClassTimer)
	Emit(0, Exit, NoVCPU, 1, 2)
	assert.Zero(t, buffers[0].made)
	Emit(0, TimerSet, NoVCPU, 1, 2)
	assert.EqualValues(t, 1, buffers[0].made)
	Emit(1, TimerSet, NoVCPU, 1, 2) // a CPU with no buffer
	assert.Zero(t, buffers[1].made)
}

func TestAttachRefusesTooLittle(t *testing.T) {
	defer func() { buffers[0] = buffer{} }()
	assert.False(t, Attach(0, 0, nil))
	assert.False(t, Attach(0, 0, make([]byte, headerSize+recordSize)))
	assert.False(t, Attach(0, 0, attach(t, 1, 8)[1:]), "not aligned")
}

func TestOldestIsOverwritten(t *testing.T) {
	memory := attach(t, 0, 5)
	for i := range uint64(12) {
		buffers[0].put(i, 0, Mark, NoVCPU, i, 0)
	}
	got := read(memory)
	require.Len(t, got, 4)
	for i, r := range got {
		assert.EqualValues(t, 8+i, r.A)
	}
}

func TestDumpMergesCPUsByTime(t *testing.T) {
	attach(t, 0, 4)
	attach(t, 3, 4)
	for i := range uint64(6) {
		cpu := int(i % 2 * 3)
		buffers[cpu].put(1000+i*10, cpu, Exit, VCPU(2, 1), uint64(exit.HLT), i)
	}
	buffers[3].put(1060, 3, TimerSet, NoVCPU, 5, 0)
	assert.Equal(t, []string{
		"trace: the last 3 records",
		"  -20 ticks cpu 0 d2v1 exit: reason HLT, rip 0x4",
		"  -10 ticks cpu 3 d2v1 exit: reason HLT, rip 0x5",
		"  -0 ticks cpu 3 timer-set: deadline 0x5",
	}, dump(t, 3))
	// CPU 3 made four records, and the oldest of four could be torn.
	assert.Len(t, dump(t, 100), 1+3+3)

	SetClock(2_000_000) // 2 GHz
	assert.Equal(t, "  -10 ns cpu 0 d2v1 exit: reason HLT, rip 0x4", dump(t, 3)[1])
}

func TestDumpOfNothing(t *testing.T) {
	assert.Equal(t, []string{"trace: no records"}, dump(t, 10))
	attach(t, 0, 4)
	assert.Equal(t, []string{"trace: no records"}, dump(t, 10))
}

func TestEveryEventIsDescribed(t *testing.T) {
	for _, e := range []Event{
		Mark, CPUUp, Exit, Hypercall, Exception, Served, Interrupt, TimerSet, TimerRun, FlushAsk, FlushServe, FlushDone,
	} {
		assert.NotEqual(t, "unknown", describe(e).name, "%#x", uint16(e))
	}
	assert.Equal(t, "unknown", describe(0xff00).name)
	assert.Equal(t, "unknown", describe(0x00ff).name)
	for class, rows := range descriptions {
		assert.NotEmpty(t, rows, "class %d", class)
	}
}

// TestReaderIsNeverDeceived stops a reader that follows the contract at each
// step of its copy, and lets the writer run ahead by every distance that
// matters, ending in the middle of a record. What the reader keeps is whole.
func TestReaderIsNeverDeceived(t *testing.T) {
	const capacity = 5
	kept := 0
	for filled := range uint64(2*capacity + 1) {
		for at := range capacity + 1 {
			for ahead := range uint64(2*capacity + 1) {
				memory := attach(t, 0, capacity)
				put := func(i uint64) { buffers[0].put(i, 0, Mark, NoVCPU, i, ^i) }
				for i := range filled {
					put(i)
				}
				got := readWith(memory, func(step int) {
					if step != at {
						return
					}
					for i := range ahead {
						put(filled + i)
					}
					half := &buffers[0].records[buffers[0].next]
					half.TSC, half.A = ^uint64(0), filled+ahead
				})
				for n, r := range got {
					kept++
					require.Equal(t, [2]uint64{r.TSC, ^r.TSC}, [2]uint64{r.A, r.B}, "filled %d at %d ahead %d", filled, at, ahead)
					require.Equal(t, got[0].TSC+uint64(n), r.TSC)
				}
			}
		}
	}
	assert.NotZero(t, kept)
}

func read(memory []byte) []Record { return readWith(memory, func(int) {}) }

// readWith is a reader as the package's documentation describes it; it calls
// pause before each of its steps, and once more before it looks at Produced again.
func readWith(memory []byte, pause func(step int)) []Record {
	h := (*Header)(unsafe.Pointer(&memory[0]))
	if h.Magic != hypercall.CONTROLTRACE_MAGIC || h.Version != hypercall.CONTROLTRACE_VERSION {
		return nil
	}
	slots := unsafe.Slice((*Record)(unsafe.Pointer(&memory[h.Offset])), h.Capacity)
	capacity := uint64(h.Capacity)
	p := atomic.LoadUint64(&h.Produced)
	first := uint64(0)
	if p >= capacity {
		first = p - capacity + 1
	}
	var records []Record
	for i := first; i < p; i++ {
		pause(len(records))
		records = append(records, slots[i%capacity])
	}
	pause(int(capacity))
	q := atomic.LoadUint64(&h.Produced)
	for len(records) > 0 && first+capacity <= q {
		records = records[1:]
		first++
	}
	return records
}
