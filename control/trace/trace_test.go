package trace

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/trace/tracetest"
	"tuco/hypercall"
)

// A reader that is stopped at its one weak moment, whatever is written then and before, has whole records only, in their order, and knows how many he
// lacks.
func TestOvertaken(t *testing.T) {
	const capacity = 5
	for filled := range uint64(2*capacity + 1) {
		for from := range filled + 1 {
			for ahead := range uint64(2*capacity + 1) {
				m := tracetest.New(1, capacity)
				n := uint64(0)
				put := func() { m.Record(Record{TSC: n, A: n, B: ^n}); n++ }
				for range filled {
					put()
				}
				b, err := open(m.Memory(0))
				require.NoError(t, err)
				list, next := b.copy(nil, from)
				for range ahead {
					put()
				}
				m.Half(0, Record{TSC: 1 << 60})
				list = b.whole(list, next)
				require.Equal(t, filled, next)
				lost := filled - from - uint64(len(list))
				for k, e := range list {
					i := from + lost + uint64(k)
					require.Equal(t, Record{TSC: i, A: i, B: ^i}, e)
				}
				if ahead == 0 {
					require.Len(t, list, int(min(filled-from, capacity-1)), "no more than that is lost")
				}
			}
		}
	}
}

func TestNoBuffer(t *testing.T) {
	good := tracetest.New(1, 8).Memory(0)
	_, err := open(good)
	require.NoError(t, err)
	for what, spoil := range map[string]func([]byte) []byte{
		"nothing":                 func([]byte) []byte { return nil },
		"short":                   func(b []byte) []byte { return b[:40] },
		"no magic":                func(b []byte) []byte { b[0] = 0; return b },
		"another version":         func(b []byte) []byte { b[8] = 2; return b },
		"records of another size": func(b []byte) []byte { b[12] = 64; return b },
		"records behind the end":  func(b []byte) []byte { b[20] = 9; return b },
		"too few records":         func(b []byte) []byte { b[20] = 1; return b },
		"records far away":        func(b []byte) []byte { b[18] = 1; return b },
	} {
		_, err := open(spoil(append(make([]byte, 0, len(good)), good...)))
		assert.Error(t, err, what)
	}
}

// What several CPUs record comes in the order of time, though the buffers are looked at one after the other.
func TestOrder(t *testing.T) {
	m := tracetest.New(2, 100)
	r, err := New(m).Open(0)
	require.NoError(t, err)
	put := func(cpu uint16, times ...uint64) {
		for _, at := range times {
			m.Record(Record{TSC: at, CPU: cpu})
		}
	}
	put(0, 10, 30)
	put(1, 20, 40)
	assert.Empty(t, r.look(), "something older may be on its way")
	put(0, 35, 50)
	assert.Equal(t, []uint64{10, 20, 30, 35, 40}, times(r.look()))
	put(1, 51)
	assert.Equal(t, []uint64{50}, times(r.look()))
	assert.Equal(t, []uint64{51}, times(r.look()), "nothing has come since")
	assert.Empty(t, r.look())
	r.Close()
}

func times(list []Record) (all []uint64) {
	for _, e := range list {
		all = append(all, e.TSC)
	}
	return all
}

// What a reader has lost stands before what he has.
func TestLost(t *testing.T) {
	m := tracetest.New(2, 8)
	r, err := New(m).Open(0)
	require.NoError(t, err)
	for i := range uint64(20) {
		m.Record(Record{TSC: i, CPU: 1, A: i})
	}
	r.look()
	list := r.look()
	require.Len(t, list, 8)
	assert.Equal(t, Record{TSC: 13, Event: hypercall.CONTROLTRACE_lost, CPU: 1, VCPU: hypercall.CONTROLTRACE_NO_VCPU, A: 13}, list[0])
	assert.EqualValues(t, 13, list[1].A)
	assert.EqualValues(t, 19, list[7].A)
}

// What is recorded is what anybody wants to read, and in the end what it was.
func TestClasses(t *testing.T) {
	m := tracetest.New(1, 8)
	s := New(m)
	recorded := func() uint64 { c, _ := m.TraceClasses(); return c }
	for range 2 {
		a, err := s.Open(1 << hypercall.CONTROLTRACE_EXIT)
		require.NoError(t, err)
		assert.EqualValues(t, tracetest.Usual|2, recorded())
		b, err := s.Open(1 << hypercall.CONTROLTRACE_TIMER)
		require.NoError(t, err)
		assert.EqualValues(t, tracetest.Usual|10, recorded())
		a.Close()
		assert.EqualValues(t, tracetest.Usual|8, recorded())
		b.Close()
		assert.EqualValues(t, tracetest.Usual, recorded())
	}
	var all []*Reader
	for range maxReaders {
		r, err := s.Open(0)
		require.NoError(t, err)
		all = append(all, r)
	}
	_, err := s.Open(0)
	assert.ErrorIs(t, err, ErrBusy)
	all[0].Close()
	_, err = s.Open(0)
	assert.NoError(t, err)
}

// A reader sees what comes after him, and waits for it.
func TestNext(t *testing.T) {
	m := tracetest.New(1, 8)
	m.Record(Record{TSC: 1})
	r, err := New(m).Open(0)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	go m.Record(Record{TSC: 2})
	list, err := r.Next(ctx)
	require.NoError(t, err)
	assert.Equal(t, []uint64{2}, times(list))
	cancel()
	_, err = r.Next(ctx)
	assert.ErrorIs(t, err, context.Canceled)
}
