package blkback_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/backend"
	"tuco/control/blkback"
	"tuco/guestlib/frontend"
	"tuco/guestlib/frontend/model"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/blkif"
)

// raw is a front end that is the test.
type raw struct {
	h        *host
	t        testing.TB
	ring     blkif.Front
	memory   []byte
	channel  frontend.Channel
	pages    frontend.Shared // for data
	readOnly frontend.Shared
}

// raw connects a front end that keeps pages, or not.
func (h *host) raw(keeps bool) *raw {
	h.t.Helper()
	h.Await(h.t, device, hypercall.XenbusStateInitWait)
	r := &raw{h: h, t: h.t}
	shared := r.share(1, false)
	r.memory, r.ring = shared.Memory, ring.MakeFront[blkif.Request, blkif.Response](shared.Memory)
	r.pages, r.readOnly = r.share(16, false), r.share(1, true)
	var err error
	r.channel, err = h.Listen(model.Back)
	require.NoError(h.t, err)
	nodes := map[string]string{
		"ring-ref": fmt.Sprint(shared.Refs[0]), "event-channel": fmt.Sprint(r.channel.Port()), "protocol": blkif.Protocol, "state": "3",
	}
	if keeps {
		nodes["feature-persistent"] = "1"
	}
	h.Say(device, nodes)
	h.Await(h.t, device, hypercall.XenbusStateConnected)
	h.t.Cleanup(func() { _ = r.channel.Close() })
	return r
}

func (r *raw) share(pages int, readOnly bool) frontend.Shared {
	s, err := r.h.Share(model.Back, pages, readOnly)
	require.NoError(r.t, err)
	r.t.Cleanup(func() { r.h.Unshare(s) })
	return s
}

// send puts requests into the ring.
func (r *raw) send(requests ...blkif.Request) {
	for i := range requests {
		require.True(r.t, r.ring.Put(&requests[i]))
	}
	if r.ring.Push() {
		_ = r.channel.Notify()
	}
}

// answers waits for so many responses.
func (r *raw) answers(n int) (all []blkif.Response) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	for len(all) < n {
		var rsp blkif.Response
		_, ok, err := r.ring.Take(&rsp)
		require.NoError(r.t, err)
		if ok {
			all = append(all, rsp)
			continue
		}
		more, err := r.ring.FinalCheck(1)
		require.NoError(r.t, err)
		if !more {
			require.NoError(r.t, r.channel.Wait(ctx), "waiting for an answer")
		}
	}
	return all
}

func (r *raw) ask(request blkif.Request) blkif.Status {
	r.t.Helper()
	r.send(request)
	rsp := r.answers(1)[0]
	assert.Equal(r.t, request.ID, rsp.ID)
	return rsp.Status
}

// segment is a whole page of the front end's.
func (r *raw) segment(page int) blkif.Segment { return blkif.Segment{Ref: r.pages.Refs[page], Last: 7} }

func (r *raw) transfer(op blkif.Op, sector uint64, segments ...blkif.Segment) blkif.Request {
	return blkif.Transfer(op, 7, sector, segments)
}

func each(t *testing.T, f func(t *testing.T, keeps bool)) {
	for _, keeps := range []bool{false, true} {
		t.Run(fmt.Sprintf("persistent=%t", keeps), func(t *testing.T) { f(t, keeps) })
	}
}

func TestBadRequests(t *testing.T) {
	const end = mib / 512
	each(t, func(t *testing.T, keeps bool) {
		h := plug(t, blkback.Config{Disk: newRAM(mib), Discard: true})
		r := h.raw(keeps)
		list := blkif.Segments(r.pages.Memory)
		for i := range list {
			list[i] = blkif.Segment{Ref: r.pages.Refs[1], Last: 7}
		}
		for name, c := range map[string]struct {
			request blkif.Request
			want    blkif.Status
		}{
			"unknown":             {blkif.Request{Op: 4, ID: 1}, blkif.StatusUnsupported},
			"far unknown":         {blkif.Request{Op: 200, ID: math.MaxUint64}, blkif.StatusUnsupported},
			"no segments":         {blkif.Request{Op: blkif.OpRead}, blkif.StatusError},
			"255 segments":        {blkif.Request{Op: blkif.OpWrite, Count: 255}, blkif.StatusError},
			"at the end":          {r.transfer(blkif.OpRead, end, r.segment(0)), blkif.StatusError},
			"over the end":        {r.transfer(blkif.OpWrite, end-7, r.segment(0)), blkif.StatusError},
			"wraps":               {r.transfer(blkif.OpWrite, math.MaxUint64-7, r.segment(0)), blkif.StatusError},
			"wraps in bytes":      {r.transfer(blkif.OpWrite, 1<<55, r.segment(0)), blkif.StatusError},
			"first after last":    {r.transfer(blkif.OpRead, 0, blkif.Segment{Ref: r.pages.Refs[0], First: 4, Last: 3}), blkif.StatusError},
			"beyond the page":     {r.transfer(blkif.OpWrite, 0, blkif.Segment{Ref: r.pages.Refs[0], Last: 8}), blkif.StatusError},
			"far beyond the page": {r.transfer(blkif.OpWrite, 0, blkif.Segment{Ref: r.pages.Refs[0], Last: 255}), blkif.StatusError},
			"no such grant":       {r.transfer(blkif.OpWrite, 0, blkif.Segment{Ref: 99999, Last: 7}), blkif.StatusError},
			"grant 0":             {r.transfer(blkif.OpRead, 0, blkif.Segment{Last: 7}), blkif.StatusError},
			"into a constant":     {r.transfer(blkif.OpRead, 0, blkif.Segment{Ref: r.readOnly.Refs[0], Last: 7}), blkif.StatusError},
			"no list":             {blkif.Indirect(blkif.OpRead, 1, 0, 20, 99999), blkif.StatusError},
			"long list":           {blkif.Indirect(blkif.OpRead, 1, 0, 129, r.pages.Refs[0]), blkif.StatusError},
			"list of nothing":     {blkif.Indirect(blkif.OpRead, 1, 0, 0, r.pages.Refs[0]), blkif.StatusError},
			"listed flush":        {blkif.Indirect(blkif.OpFlush, 1, 0, 1, r.pages.Refs[0]), blkif.StatusUnsupported},
			"list over the end":   {blkif.Indirect(blkif.OpWrite, 1, end-100, 20, r.pages.Refs[0]), blkif.StatusError},
			"garbage as a list":   {blkif.Indirect(blkif.OpWrite, 1, 0, 20, r.pages.Refs[2]), blkif.StatusError},
			"discard too much":    {blkif.Discard(1, 0, end+1), blkif.StatusError},
			"discard wraps":       {blkif.Discard(1, 8, math.MaxUint64-7), blkif.StatusError},
			"discard nothing":     {blkif.Discard(1, end, 0), blkif.StatusOK},
		} {
			copy(r.pages.Memory[2*backend.PageSize:], pattern(backend.PageSize, 3))
			assert.Equal(t, c.want, r.ask(c.request), name)
		}
		assert.Equal(t, make([]byte, mib), h.disk.now, "nothing was written")

		copy(r.pages.Memory[3*backend.PageSize:], "good")
		assert.Equal(t, blkif.StatusOK, r.ask(r.transfer(blkif.OpWrite, 8, r.segment(3))), "the connection goes on")
		assert.Equal(t, "good", string(h.disk.now[4096:][:4]))
		copy(r.readOnly.Memory, "constant")
		assert.Equal(t, blkif.StatusOK, r.ask(r.transfer(blkif.OpWrite, 16, blkif.Segment{Ref: r.readOnly.Refs[0], Last: 7})),
			"a page that can only be read can be written from")
		assert.Equal(t, "constant", string(h.disk.now[8192:][:8]))
	})
}

func TestReadOnly(t *testing.T) {
	h := plug(t, blkback.Config{ReadOnly: true, Discard: true})
	r := h.raw(false)
	copy(r.pages.Memory, "data")
	for name, request := range map[string]blkif.Request{
		"write": r.transfer(blkif.OpWrite, 0, r.segment(0)), "barrier": r.transfer(blkif.OpBarrier, 0, r.segment(0)),
		"flush with data": r.transfer(blkif.OpFlush, 0, r.segment(0)), "discard": blkif.Discard(7, 0, 8),
	} {
		assert.Equal(t, blkif.StatusError, r.ask(request), name)
	}
	assert.Equal(t, blkif.StatusOK, r.ask(blkif.Flush(3)))
	assert.Equal(t, blkif.StatusOK, r.ask(r.transfer(blkif.OpRead, 0, r.segment(0))))
	assert.Equal(t, make([]byte, 4*mib), h.disk.now)
}

func TestLargeSectors(t *testing.T) {
	h := plug(t, blkback.Config{SectorSize: 4096})
	r := h.raw(false)
	half := blkif.Segment{Ref: r.pages.Refs[0], Last: 3}
	assert.Equal(t, blkif.StatusError, r.ask(r.transfer(blkif.OpWrite, 0, half)))
	assert.Equal(t, blkif.StatusError, r.ask(r.transfer(blkif.OpRead, 4, r.segment(0))))
	assert.Equal(t, blkif.StatusOK, r.ask(r.transfer(blkif.OpWrite, 0, half, half)), "a sector in two parts")
}

// TestSmallReads: nothing but what was read gets to the guest.
func TestSmallReads(t *testing.T) {
	each(t, func(t *testing.T, keeps bool) {
		h := plug(t, blkback.Config{})
		r := h.raw(keeps)
		copy(h.disk.now, pattern(mib, 1))
		for i := range r.pages.Memory {
			r.pages.Memory[i] = 0xee
		}
		segments := []blkif.Segment{{Ref: r.pages.Refs[0], First: 3, Last: 3}, {Ref: r.pages.Refs[1], First: 0, Last: 1}, {Ref: r.pages.Refs[2], First: 6, Last: 7}}
		require.Equal(t, blkif.StatusOK, r.ask(r.transfer(blkif.OpRead, 10, segments...)))
		want := make([]byte, len(r.pages.Memory))
		for i := range want {
			want[i] = 0xee
		}
		from := h.disk.now[5120:]
		copy(want[3*512:4*512], from)
		copy(want[4096:4096+1024], from[512:])
		copy(want[8192+3072:8192+4096], from[1536:])
		assert.Equal(t, want, r.pages.Memory)
	})
}

// TestBarrier: what comes before it is done before, it is durable, and what comes after waits.
func TestBarrier(t *testing.T) {
	h := plug(t, blkback.Config{})
	r := h.raw(false)
	wait := make(chan struct{})
	h.disk.set(func() { h.disk.wait = wait })
	for i := range 3 {
		copy(r.pages.Memory[i*backend.PageSize:], fmt.Sprint("page ", i))
	}
	r.send(r.transfer(blkif.OpWrite, 0, r.segment(0)), r.transfer(blkif.OpBarrier, 8, r.segment(1)), r.transfer(blkif.OpWrite, 16, r.segment(2)))
	step := func(begun int) {
		t.Helper()
		require.Eventually(t, func() bool { n, active := h.disk.counts(); return n == begun && active == 1 }, time.Minute, time.Millisecond)
		wait <- struct{}{}
	}
	step(1) // the write
	step(2) // flush
	step(3) // the barrier's data
	step(4) // flush
	r.answers(2)
	h.disk.set(func() {
		assert.Equal(t, "page 0", string(h.disk.durable[:6]))
		assert.Equal(t, "page 1", string(h.disk.durable[4096:][:6]))
	})
	step(5)
	r.answers(1)
	assert.Equal(t, "page 2", string(h.disk.now[8192:][:6]))
	h.disk.set(func() { h.disk.wait = nil })
	assert.Equal(t, blkif.StatusOK, r.ask(blkif.Request{Op: blkif.OpBarrier}), "with no data")
}

// TestManyPages: a front end that names ever new pages has no more of them mapped than there is room for.
func TestManyPages(t *testing.T) {
	h := plug(t, blkback.Config{})
	r := h.raw(true)
	pages := r.share(1000, false)
	for i, ref := range pages.Refs {
		copy(pages.Memory[i*backend.PageSize:], strconv.Itoa(i))
		require.Equal(t, blkif.StatusOK, r.ask(r.transfer(blkif.OpWrite, 0, blkif.Segment{Ref: ref})))
		require.Equal(t, strconv.Itoa(i), string(h.disk.now[:len(strconv.Itoa(i))]))
	}
	assert.Equal(t, 257, h.Host.Mapped(), "and the ring")
	before := h.driver.Stats()
	require.Equal(t, blkif.StatusOK, r.ask(r.transfer(blkif.OpWrite, 0, blkif.Segment{Ref: pages.Refs[999]}, blkif.Segment{Ref: pages.Refs[744]})))
	assert.Equal(t, before.Mapped, h.driver.Stats().Mapped, "those that were used last are still mapped")
	assert.Zero(t, before.Copies)
}

// disconnected waits until the back end has had enough.
func (r *raw) disconnected(what string) {
	r.t.Helper()
	r.h.Await(r.t, device, hypercall.XenbusStateClosing)
	text, _ := r.h.Tree.Read(device.Back(model.Back) + "/error")
	assert.Contains(r.t, text, what)
	assert.Zero(r.t, r.h.Host.Mapped())
}

// TestXSA38Disconnects: after an index that can't be nothing is mapped any more, and the front end may begin anew.
func TestXSA38Disconnects(t *testing.T) {
	for _, index := range []uint32{33, 1 << 31, math.MaxUint32} {
		h := plug(t, blkback.Config{})
		r := h.raw(true)
		require.Equal(t, blkif.StatusOK, r.ask(r.transfer(blkif.OpRead, 0, r.segment(0))))
		atomic.StoreUint32(&ring.HeaderOf(r.memory).ReqProd, 1+index)
		_ = r.channel.Notify()
		r.disconnected("the peer's ring index is impossible")
		h.Say(device, map[string]string{"state": "1"})
		r = h.raw(false)
		assert.Equal(t, blkif.StatusOK, r.ask(r.transfer(blkif.OpRead, 0, r.segment(0))))
	}
}

// TestIndicesMove: indices jump about while requests are taken and answered.
func TestIndicesMove(t *testing.T) {
	h := plug(t, blkback.Config{})
	r := h.raw(true)
	header := ring.HeaderOf(r.memory)
	for i := range uint32(2000) {
		x := i * 2654435761
		atomic.StoreUint32(&header.ReqProd, i%64)
		atomic.StoreUint32(&header.RspProd, x)
		atomic.StoreUint32(&header.RspEvent, x>>3)
		atomic.StoreUint32(&header.ReqEvent, x>>7)
		_ = r.channel.Notify()
	}
	atomic.StoreUint32(&header.ReqProd, 1<<20)
	_ = r.channel.Notify()
	r.disconnected("index")
}

// TestXSA155: the front end changes everything that it can between any two looks of the back end. What was written is what stood
// there at some time, and no copy that was judged differs from the one that was used.
func TestXSA155ChangesUnderWay(t *testing.T) {
	each(t, func(t *testing.T, keeps bool) {
		h := plug(t, blkback.Config{Disk: newRAM(mib)})
		r := h.raw(keeps)
		list := blkif.Segments(r.pages.Memory)
		copy(r.pages.Memory[backend.PageSize:], pattern(4*backend.PageSize, 8))
		want := bytes.Repeat(r.pages.Memory[backend.PageSize:][:4*backend.PageSize], 5)
		good := 0
		for round := range 30 {
			for i := range list {
				list[i] = blkif.Segment{Ref: r.pages.Refs[1+i%4], Last: 7}
			}
			times := 0
			h.Before(func() {
				if times++; times > round%4 {
					for i := range r.memory[64:] {
						r.memory[64+i] = 0xff // slots
					}
					for i := range list {
						list[i] = blkif.Segment{Ref: math.MaxUint32, First: 200, Last: 255}
					}
				}
			})
			status := r.ask(blkif.Indirect(blkif.OpWrite, 7, uint64(round), 20, r.pages.Refs[0]))
			h.Before(nil)
			if status != blkif.StatusOK {
				assert.Equal(t, blkif.StatusError, status)
				continue
			}
			good++
			assert.True(t, bytes.Equal(want, h.disk.now[round*512:][:len(want)]), "what was judged is what was written")
		}
		assert.NotZero(t, good)
	})
}

// TestXSA216Responses: the bytes of a response that mean nothing are zero.
func TestXSA216Responses(t *testing.T) {
	h := plug(t, blkback.Config{})
	r := h.raw(false)
	const slots, size = 64, int(unsafe.Sizeof(blkif.Request{}))
	for i := range 3 {
		for k := range r.memory[slots:] {
			r.memory[slots+k] = 0xa5
		}
		require.Equal(t, blkif.StatusOK, r.ask(r.transfer(blkif.OpRead, 0, r.segment(0))))
		got := r.memory[slots+i*size:]
		assert.Equal(t, []byte{0}, got[9:10])
		assert.Equal(t, []byte{0, 0, 0, 0}, got[12:16])
	}
}

// TestNotifiesForNothing: events with no request behind them come ever more slowly.
func TestNotifiesForNothing(t *testing.T) {
	clock := &limitClock{}
	h := plug(t, blkback.Config{Clock: clock})
	r := h.raw(false)
	for range 50 {
		before := h.driver.Stats().Events
		_ = r.channel.Notify()
		require.Eventually(t, func() bool { return h.driver.Stats().Events > before }, time.Minute, time.Microsecond)
	}
	assert.Greater(t, clock.waited(), 200*time.Millisecond)
	assert.Equal(t, blkif.StatusOK, r.ask(r.transfer(blkif.OpRead, 0, r.segment(0))))
}

func TestBadProposals(t *testing.T) {
	for name, c := range map[string]struct{ node, value, want string }{
		"other layout":    {"protocol", "x86_32-abi", "only x86_64-abi is served"},
		"huge ring":       {"ring-page-order", "3", "no number up to 2"},
		"huger ring":      {"ring-page-order", "63", "no number up to 2"},
		"parts missing":   {"ring-page-order", "1", "ring-ref0"},
		"strange feature": {"feature-persistent", "5", "feature-persistent"},
		"no such page":    {"ring-ref", "4000000000", "ring-ref"},
		"no such port":    {"event-channel", "4000000000", "event-channel"},
	} {
		h := plug(t, blkback.Config{})
		h.Await(t, device, hypercall.XenbusStateInitWait)
		s, err := h.Share(model.Back, 1, false)
		require.NoError(t, err)
		channel, err := h.Listen(model.Back)
		require.NoError(t, err)
		nodes := map[string]string{"ring-ref": fmt.Sprint(s.Refs[0]), "event-channel": fmt.Sprint(channel.Port()), "state": "3"}
		nodes[c.node] = c.value
		h.Say(device, nodes)
		(&raw{h: h, t: t}).disconnected(c.want)
		assert.NotEmpty(t, name)
	}
}

// FuzzFrontEnd: whatever stands in the ring's slots and in the pages that they name, each request is answered, and the disk is asked
// for nothing that it doesn't have.
func FuzzFrontEnd(f *testing.F) {
	f.Add([]byte{1}, []byte{}, true)
	f.Add(binary.LittleEndian.AppendUint64([]byte{6, 1, 2, 0, 0, 0, 0, 0}, 9), []byte{9, 0, 0, 0, 0, 7}, false)
	h := plug(f, blkback.Config{Disk: newRAM(64 << 10), Discard: true})
	r := h.raw(true)
	f.Fuzz(func(t *testing.T, slots, page []byte, list bool) {
		r.t = t
		for i := range r.pages.Refs {
			copy(r.pages.Memory[i*backend.PageSize:][:backend.PageSize], page)
		}
		const size = int(unsafe.Sizeof(blkif.Request{}))
		var requests []blkif.Request
		for i := 0; len(slots) > 0 && i < 8; i++ {
			var q blkif.Request
			slots = slots[copy(unsafe.Slice((*byte)(unsafe.Pointer(&q)), size), slots):]
			if list { // more often of pages that there are
				for s := range q.Segments {
					q.Segments[s].Ref = r.pages.Refs[int(q.Segments[s].Ref)%len(r.pages.Refs)]
				}
			}
			q.ID = uint64(i)
			requests = append(requests, q)
		}
		r.send(requests...)
		seen := map[uint64]bool{}
		for _, rsp := range r.answers(len(requests)) {
			require.False(t, seen[rsp.ID], "answered twice")
			seen[rsp.ID] = true
			require.GreaterOrEqual(t, rsp.Status, blkif.StatusUnsupported)
			require.LessOrEqual(t, rsp.Status, blkif.StatusOK)
		}
		require.False(t, h.disk.beyond)
	})
}
