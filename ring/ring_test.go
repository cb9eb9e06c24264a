package ring

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

type request struct {
	id  uint64
	sum uint32
}

type response struct{ id uint64 }

type (
	front = Front[request, response]
	back  = Back[request, response]
)

// aligned is memory that begins where a word may.
func aligned(size int) []byte {
	words := make([]uint64, (size+7)/8)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), size)
}

func pair(memory []byte) (front, back) {
	f := MakeFront[request, response](memory)
	return f, MakeBack[request, response](memory)
}

// pairAt is a ring whose indices have come to at.
func pairAt(memory []byte, at uint32) (front, back) {
	f := MakeFront[request, response](memory)
	f.reqProd, f.reqPushed, f.rspCons, f.rspSeen = at, at, at, at
	*f.shared = Header{ReqProd: at, ReqEvent: at + 1, RspProd: at, RspEvent: at + 1}
	return f, MakeBack[request, response](memory)
}

func TestSlots(t *testing.T) {
	type word [8]byte
	for _, c := range []struct{ size, want int }{
		{0, 0}, {63, 0}, {64, 0}, {71, 0}, {72, 1}, {64 + 8*2, 2}, {64 + 8*3, 2}, {4096, 256}, {8192, 512},
	} {
		assert.Equal(t, c.want, Slots[word, word](c.size), "%d bytes", c.size)
	}
	assert.Equal(t, 1, Slots[byte, word](72), "the larger message counts")
	assert.Panics(t, func() { MakeFront[word, word](aligned(71)) })
	assert.Panics(t, func() { MakeBack[word, word](aligned(8)) })
	assert.Panics(t, func() { MakeBack[word, word](aligned(4096)[4:]) })
}

// TestNewRing: nothing of what the memory held gets to the back end.
func TestNewRing(t *testing.T) {
	memory := aligned(4096)
	for i := range memory {
		memory[i] = 0xa5
	}
	f, _ := pair(memory)
	assert.Equal(t, Header{ReqEvent: 1, RspEvent: 1}, *HeaderOf(memory))
	assert.Equal(t, make([]byte, 4096-16), memory[16:])
	assert.Equal(t, 128, f.Size())
	assert.Equal(t, 128, f.Free())
}

func TestRoundTrip(t *testing.T) {
	for _, at := range []uint32{0, 1, 0xffff_ffff, 0xffff_ffc0, 0x7fff_ffff} {
		f, b := pairAt(aligned(4096), at)
		var req request
		var rsp response
		for round := range 3 {
			for i := range f.Size() {
				require.True(t, f.Put(&request{id: uint64(i)}))
			}
			require.False(t, f.Put(&request{}), "the ring is full")
			ok, err := b.Take(&req)
			require.NoError(t, err)
			require.False(t, ok, "not pushed yet")
			assert.True(t, f.Push())
			for i := range b.Size() {
				ok, err := b.Take(&req)
				require.NoError(t, err)
				require.True(t, ok)
				require.Equal(t, uint64(i), req.id)
			}
			for i := range b.Size() {
				require.True(t, b.Put(&response{uint64(i)}))
			}
			require.False(t, b.Put(&rsp), "one response to a request")
			assert.Equal(t, round == 0, b.Push(), "the front end wants one notification, for the first of all")
			for i := range f.Size() {
				require.Zero(t, f.Free()-i)
				slot, ok, err := f.Take(&rsp)
				require.NoError(t, err)
				require.True(t, ok)
				require.Equal(t, uint64(i), rsp.id)
				require.Equal(t, int(at+uint32(i))%f.Size(), slot)
			}
			_, ok, err = f.Take(&rsp)
			require.NoError(t, err)
			require.False(t, ok)
			more, err := b.FinalCheck()
			require.NoError(t, err)
			require.False(t, more)
		}
	}
}

// TestHoldOff: who works is not disturbed, and who sleeps is woken.
func TestHoldOff(t *testing.T) {
	for _, at := range []uint32{0, 0xffff_fffe} {
		f, b := pairAt(aligned(4096), at)
		var req request
		var rsp response
		put := func() bool { f.Put(&req); return f.Push() }

		assert.True(t, put(), "the first")
		assert.False(t, put(), "the back end knows")
		_, _ = b.Take(&req)
		more, err := b.FinalCheck()
		require.NoError(t, err)
		assert.True(t, more, "the second came before the back end slept")
		_, _ = b.Take(&req)
		more, _ = b.FinalCheck()
		assert.False(t, more)
		assert.True(t, put(), "the back end slept")
		assert.False(t, f.Push(), "nothing new")

		more, err = f.FinalCheck(2)
		require.NoError(t, err)
		assert.False(t, more)
		b.Put(&rsp)
		assert.False(t, b.Push(), "the front end waits for the second")
		b.Put(&rsp)
		assert.True(t, b.Push())
		more, _ = f.FinalCheck(2)
		assert.True(t, more)
	}
}

// TestTakeOver: a new back end gets the requests that the old one left unanswered.
func TestTakeOver(t *testing.T) {
	memory := aligned(4096)
	f, b := pair(memory)
	for i := range 5 {
		f.Put(&request{id: uint64(i)})
	}
	f.Push()
	var req request
	for range 3 {
		_, _ = b.Take(&req)
	}
	b.Put(&response{0})
	b.Push()

	b = MakeBack[request, response](memory)
	for want := uint64(1); want < 5; want++ {
		ok, err := b.Take(&req)
		require.NoError(t, err)
		require.True(t, ok)
		assert.Equal(t, want, req.id)
	}
}

func TestXSA38ImpossibleIndices(t *testing.T) {
	at := uint32(0xffff_fff0)
	for what, prod := range map[string]uint32{
		"more responses than requests": at + 6, "far ahead": at + 1<<31, "before what was taken": at + 1, "behind what was seen": at + 2,
	} {
		f, _ := pairAt(aligned(4096), at)
		for range 5 {
			f.Put(&request{})
		}
		f.Push()
		f.Put(&request{}) // not pushed: nobody can have answered it
		f.shared.RspProd = at + 3
		var rsp response
		for range 2 {
			_, ok, err := f.Take(&rsp)
			require.NoError(t, err)
			require.True(t, ok)
		}
		f.shared.RspProd = prod
		_, err := f.FinalCheck(1)
		assert.ErrorIs(t, err, ErrIndex, what)
		f.shared.RspProd = at + 4
		_, _, err = f.Take(&rsp)
		assert.ErrorIs(t, err, ErrIndex, "%s: for good", what)
	}
	for what, prod := range map[string]uint32{
		"more requests than slots": at + 1 + 129, "before what was taken": at, "behind what was seen": at + 2,
	} {
		f, b := pairAt(aligned(4096), at)
		for range 3 {
			f.Put(&request{})
		}
		f.Push()
		var req request
		_, _ = b.Take(&req)
		b.Put(&response{})
		b.shared.ReqProd = prod
		_, err := b.FinalCheck()
		assert.ErrorIs(t, err, ErrIndex, what)
		b.shared.ReqProd = at + 3
		_, err = b.Take(&req)
		assert.ErrorIs(t, err, ErrIndex, "%s: for good", what)
	}
}

// TestXSA155CopiedOnce: what was taken is a copy, which the peer can't change any more.
func TestXSA155CopiedOnce(t *testing.T) {
	memory := aligned(4096)
	f, b := pair(memory)
	f.Put(&request{id: 5, sum: 6})
	f.Push()
	var req request
	ok, err := b.Take(&req)
	require.NoError(t, err)
	require.True(t, ok)
	for i := range memory {
		memory[i] = 0xff
	}
	assert.Equal(t, request{id: 5, sum: 6}, req)
}

// channel is an event channel: pending or not.
type channel chan struct{}

func (c channel) notify() {
	select {
	case c <- struct{}{}:
	default:
	}
}

// TestThreads has both ends at work at once, asleep whenever they may be: a lost notification stops the test.
func TestThreads(t *testing.T) {
	const total = 50_000
	memory := aligned(64 + 16*8)
	f, b := pair(memory)
	toBack, toFront := make(channel, 1), make(channel, 1)
	var events atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		var req request
		for done := 0; done < total; {
			ok, err := b.Take(&req)
			if !assert.NoError(t, err) {
				return
			}
			if ok {
				assert.Equal(t, uint32(req.id*7), req.sum)
				b.Put(&response{req.id})
				done++
				if done%3 != 0 {
					continue
				}
			}
			if b.Push() {
				events.Add(1)
				toFront.notify()
			}
			if more, err := b.FinalCheck(); !more && done < total {
				assert.NoError(t, err)
				<-toBack
			}
		}
		b.Push()
		toFront.notify()
	})
	var sent, got uint64
	var rsp response
	for got < total {
		for sent < total && f.Put(&request{sent, uint32(sent * 7)}) {
			sent++
			if sent%5 == 0 {
				runtime.Gosched()
			}
		}
		if f.Push() {
			events.Add(1)
			toBack.notify()
		}
		for {
			_, ok, err := f.Take(&rsp)
			require.NoError(t, err)
			if !ok {
				break
			}
			require.Equal(t, got, rsp.id)
			got++
		}
		if more, err := f.FinalCheck(1); !more && f.Unanswered() > 0 {
			require.NoError(t, err)
			<-toFront
		}
	}
	wg.Wait()
	t.Logf("%d requests, %d notifications", total, events.Load())
}

// TestModel compares the ring with two queues.
func TestModel(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		f, b := pairAt(aligned(64+16*4), uint32(r.Uint64()))
		var put, pushed, taken []uint64 // requests, where they are
		var answered, shown []uint64    // responses
		next := uint64(0)
		for range 500 {
			switch r.IntN(6) {
			case 0:
				room := len(put)+len(pushed)+len(taken)+len(answered)+len(shown) < 4
				require.Equal(t, room, f.Put(&request{id: next}))
				if room {
					put = append(put, next)
					next++
				}
			case 1:
				f.Push()
				pushed, put = append(pushed, put...), nil
			case 2:
				var req request
				ok, err := b.Take(&req)
				require.NoError(t, err)
				require.Equal(t, len(pushed) > 0, ok)
				if ok {
					require.Equal(t, pushed[0], req.id)
					taken, pushed = append(taken, pushed[0]), pushed[1:]
				}
			case 3:
				if len(taken) == 0 {
					require.False(t, b.Put(&response{}))
					continue
				}
				i := r.IntN(len(taken)) // in any order
				require.True(t, b.Put(&response{taken[i]}))
				answered = append(answered, taken[i])
				taken = append(taken[:i:i], taken[i+1:]...)
			case 4:
				b.Push()
				shown, answered = append(shown, answered...), nil
			case 5:
				var rsp response
				_, ok, err := f.Take(&rsp)
				require.NoError(t, err)
				require.Equal(t, len(shown) > 0, ok)
				if ok {
					require.Equal(t, shown[0], rsp.id)
					shown = shown[1:]
				}
			}
		}
	}
}

// FuzzHostilePeer: whatever the peer writes, no call panics, and neither side sees more than it can.
func FuzzHostilePeer(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 0x86, 0x12, 0x87, 0xff})
	f.Fuzz(func(t *testing.T, script []byte) {
		memory := aligned(64 + 16*8)
		fr, b := pair(memory)
		h := HeaderOf(memory)
		for i := 0; i+1 < len(script); i += 2 {
			value := uint32(int8(script[i+1]))
			var req request
			var rsp response
			switch script[i] % 10 {
			case 0:
				fr.Put(&req)
			case 1:
				fr.Push()
			case 2:
				before := fr.Unanswered()
				if _, ok, _ := fr.Take(&rsp); ok {
					require.Positive(t, before)
				}
			case 3:
				_, _ = fr.FinalCheck(int(value % 4))
			case 4:
				if ok, _ := b.Take(&req); ok {
					require.LessOrEqual(t, b.Unanswered(), b.Size())
				}
			case 5:
				b.Put(&rsp)
			case 6:
				b.Push()
			case 7:
				_, _ = b.FinalCheck()
			case 8:
				h.ReqProd += value
			case 9:
				h.RspProd += value
			}
			require.GreaterOrEqual(t, fr.Free(), 0)
			require.LessOrEqual(t, fr.Free(), fr.Size())
		}
	})
}

func BenchmarkRoundTrip(b *testing.B) {
	f, k := pair(aligned(4096))
	var req request
	var rsp response
	b.ReportAllocs()
	for b.Loop() {
		f.Put(&req)
		f.Push()
		_, _ = k.Take(&req)
		k.Put(&rsp)
		k.Push()
		_, _, _ = f.Take(&rsp)
	}
}
