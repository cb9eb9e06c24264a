package netfront_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/guestlib/frontend"
	"tuco/guestlib/frontend/model"
	"tuco/guestlib/netfront"
)

// live is how many interfaces are open.
var live int

// open plugs a network interface in and connects to it. Nothing may be left at the test's end.
func open(t testing.TB, config model.NICConfig) (*model.Host, *model.NIC, *netfront.Link) {
	t.Helper()
	host := model.NewHost()
	back := model.NewNIC(host, "0", config)
	link, err := netfront.Open(t.Context(), host, "0")
	require.NoError(t, err)
	live++
	t.Cleanup(func() {
		live--
		require.NoError(t, link.Close())
		back.Stop()
		nothingLeft(t, host)
	})
	return host, back, link
}

// nothingLeft checks that the front end has left no page shared, no port, no watch and no goroutine.
func nothingLeft(t testing.TB, host *model.Host) {
	t.Helper()
	assert.Zero(t, host.Shared(), "pages are still shared")
	assert.Zero(t, host.Mapped(), "pages are still mapped")
	assert.Zero(t, host.Ports(), "ports are still there")
	assert.Zero(t, host.Tree.Watches(), "watches are still there")
	assert.LessOrEqual(t, goroutines(2*live), 2*live, "goroutines still run")
}

// goroutines is how many of the front ends' there are. Those that are about to end get the time to, unless there are few.
func goroutines(few int) (n int) {
	for range 100 {
		stacks := make([]byte, 1<<20)
		text := string(stacks[:runtime.Stack(stacks, true)])
		n = strings.Count(text, "\ntuco/guestlib/frontend.(*Connection).events(") + strings.Count(text, "\ntuco/guestlib/frontend.Connect.func1(")
		if n <= few {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return n
}

// frame is an Ethernet frame of some length, told apart by a number.
func frame(size int, number uint32) netfront.Frame {
	b := bytes.Repeat([]byte{byte(number)}, size)
	copy(b, "\xff\xff\xff\xff\xff\xff\x00\x16\x3e\x00\x00\x01\x88\xb5")
	if size >= 18 {
		binary.BigEndian.PutUint32(b[14:], number)
	}
	return netfront.Frame{Data: b}
}

func room(n int) []netfront.Frame {
	frames := make([]netfront.Frame, n)
	for i := range frames {
		frames[i].Data = make([]byte, netfront.MaxFrame)
	}
	return frames
}

// echo sends what the guest sends back to it.
func echo(n *model.NIC, frame []byte) { n.Deliver(0, frame) }

func TestSend(t *testing.T) {
	got := make(chan []byte, 2000)
	_, back, link := open(t, model.NICConfig{MAC: "00:16:3e:12:34:ab", Frame: func(_ *model.NIC, f []byte) { got <- f }})
	assert.Equal(t, netfront.Info{MAC: [6]byte{0, 0x16, 0x3e, 0x12, 0x34, 0xab}, MTU: 1500}, link.Info())
	assert.Equal(t, "4", back.Front("state"))
	assert.Equal(t, "1", back.Front("feature-rx-notify"))
	assert.Equal(t, "1", back.Front("request-rx-copy"))

	var batch []netfront.Frame
	for i := range uint32(1000) { // several times the ring
		batch = append(batch, frame(14+int(i*37%4083), i))
	}
	n, err := link.Send(batch)
	require.NoError(t, err)
	require.Equal(t, len(batch), n)
	for i := range batch {
		require.True(t, bytes.Equal(batch[i].Data, <-got), "frame %d", i)
	}
	s := link.Stats()
	assert.EqualValues(t, 1000, s.Sent)
	assert.Zero(t, s.SendErrors)
	assert.Less(t, s.SentNotify, uint64(100))
}

func TestBadFrames(t *testing.T) {
	_, _, link := open(t, model.NICConfig{})
	n, err := link.Send([]netfront.Frame{frame(100, 0), {Data: make([]byte, 4097)}, frame(100, 1)})
	assert.ErrorIs(t, err, netfront.ErrTooLong)
	assert.Equal(t, 1, n)
	n, err = link.Send([]netfront.Frame{{Data: make([]byte, 13)}})
	assert.ErrorIs(t, err, netfront.ErrTooShort)
	assert.Zero(t, n)
	n, err = link.Send(nil)
	assert.NoError(t, err)
	assert.Zero(t, n)
	n, err = link.Receive(nil)
	assert.NoError(t, err)
	assert.Zero(t, n)
}

func TestReceive(t *testing.T) {
	_, back, link := open(t, model.NICConfig{})
	in := room(10)
	want := uint32(0)
	for number := uint32(0); number < 3000; {
		var frames [][]byte
		for range 1 + number%300 { // sometimes more than the ring has room for
			frames = append(frames, frame(20+int(number*31%4000), number).Data)
			number++
		}
		delivered := back.Deliver(0, frames...)
		number -= uint32(len(frames) - delivered)
		for left := delivered; left > 0; {
			n, err := link.Receive(in)
			require.NoError(t, err)
			for _, f := range in[:n] {
				require.True(t, bytes.Equal(frame(20+int(want*31%4000), want).Data, f.Data))
				require.False(t, f.Checked)
				want++
			}
			left -= n
		}
	}
}

// TestEcho has both directions at work at once.
func TestEcho(t *testing.T) {
	_, _, link := open(t, model.NICConfig{Frame: echo})
	const senders, each = 4, 2000
	var wg sync.WaitGroup
	window := make(chan struct{}, 200) // so that the ring for receiving has room for all
	for s := range uint32(senders) {
		wg.Go(func() {
			for i := range uint32(each) {
				window <- struct{}{}
				n, err := link.Send([]netfront.Frame{frame(60, s<<16|i)})
				assert.NoError(t, err)
				assert.Equal(t, 1, n)
			}
		})
	}
	var next [senders]uint32
	in := room(32)
	for got := 0; got < senders*each; {
		n, err := link.Receive(in)
		require.NoError(t, err)
		for _, f := range in[:n] {
			number := binary.BigEndian.Uint32(f.Data[14:])
			require.Equal(t, next[number>>16], number&0xffff, "in order")
			next[number>>16]++
			<-window
		}
		got += n
	}
	wg.Wait()
}

// TestWaitForRoom: a sender waits while the back end has all pages, and goes on with few events.
func TestWaitForRoom(t *testing.T) {
	gate := make(chan struct{})
	var seen atomic.Int64
	_, _, link := open(t, model.NICConfig{Frame: func(*model.NIC, []byte) { <-gate; seen.Add(1) }})
	done := make(chan error)
	go func() {
		for i := range uint32(600) {
			if _, err := link.Send([]netfront.Frame{frame(60, i)}); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for link.Stats().Sent < 256 {
		runtime.Gosched()
	}
	close(gate)
	require.NoError(t, <-done)
	require.Eventually(t, func() bool { return seen.Load() == 600 }, 10*time.Second, time.Millisecond)
	assert.Less(t, link.Stats().Events, uint64(100))
}

type noStore struct{ *model.Host }

func (noStore) Store() (frontend.Store, error) { return nil, frontend.ErrNoStore }

func TestCannotOpen(t *testing.T) {
	host := model.NewHost()
	_, err := netfront.Open(t.Context(), noStore{host}, "0")
	assert.ErrorIs(t, err, frontend.ErrNoStore)
	_, err = netfront.Devices(noStore{host})
	assert.ErrorIs(t, err, frontend.ErrNoStore)
	_, err = netfront.Open(t.Context(), host, "0")
	assert.ErrorContains(t, err, "device/vif/0: no such device")

	for _, c := range []model.NICConfig{
		{MAC: "00:16:3e:00:00"}, {MAC: "00:16:3e:00:00:0g"}, {MAC: strings.Repeat("00:", 1000)}, {MTU: "67"}, {MTU: "65536"}, {MTU: "-1"}, {MTU: "many"},
	} {
		back := model.NewNIC(host, "0", c)
		_, err := netfront.Open(t.Context(), host, "0")
		assert.Error(t, err, fmt.Sprint(c))
		back.Stop()
		nothingLeft(t, host)
		_ = host.Tree.Remove("device")
	}
	for n := 1; n <= 3; n++ {
		back := model.NewNIC(host, "0", model.NICConfig{})
		host.FailShare(n)
		_, err = netfront.Open(t.Context(), host, "0")
		assert.ErrorContains(t, err, "no memory to share")
		back.Stop()
		nothingLeft(t, host)
	}
	back := model.NewNIC(host, "0", model.NICConfig{})
	back.Node("feature-rx-copy", "0")
	_, err = netfront.Open(t.Context(), host, "0")
	assert.ErrorContains(t, err, "feature-rx-copy")
	back.Stop()
	nothingLeft(t, host)

	back = model.NewNIC(host, "0", model.NICConfig{MTU: "9000"})
	ctx, cancel := context.WithCancel(t.Context())
	link, err := netfront.Open(ctx, host, "0")
	require.NoError(t, err)
	cancel() // is for the time until it is connected
	assert.Equal(t, 4078, link.Info().MTU)
	host.FailShare(1)
	_, err = link.Send([]netfront.Frame{frame(60, 0)})
	assert.ErrorContains(t, err, "no memory to share")
	_, err = link.Send([]netfront.Frame{frame(60, 0)})
	assert.NoError(t, err)
	require.NoError(t, link.Close())
	back.Stop()
	nothingLeft(t, host)
}

func TestEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(*model.Host, *model.NIC, *netfront.Link)
		want error
	}{
		"closed here":   {func(_ *model.Host, _ *model.NIC, l *netfront.Link) { _ = l.Close() }, frontend.ErrClosed},
		"closed there":  {func(_ *model.Host, b *model.NIC, _ *netfront.Link) { b.Close() }, frontend.ErrDisconnected},
		"back end gone": {func(h *model.Host, b *model.NIC, _ *netfront.Link) { _ = h.Tree.Remove(b.Directory()) }, frontend.ErrDisconnected},
		"store gone":    {func(h *model.Host, _ *model.NIC, _ *netfront.Link) { h.Tree.Leave() }, frontend.ErrStoreLost},
	} {
		t.Run(name, func(t *testing.T) {
			gate := make(chan struct{})
			host, back, link := open(t, model.NICConfig{Frame: func(*model.NIC, []byte) { <-gate }})
			errs := make(chan error)
			go func() {
				_, err := link.Receive(room(1))
				errs <- err
			}()
			go func() {
				_, err := link.Send(make300())
				errs <- err
			}()
			for link.Stats().Sent < 256 {
				runtime.Gosched()
			}
			go func() {
				for range 2 {
					assert.ErrorIs(t, <-errs, c.want)
				}
				close(gate)
			}()
			c.end(host, back, link)
			<-gate
		})
	}
}

func make300() (frames []netfront.Frame) {
	for i := range uint32(300) {
		frames = append(frames, frame(60, i))
	}
	return frames
}

// TestDeadBackEnd: one that does nothing any more holds nobody up, and what it had mapped is not used again.
func TestDeadBackEnd(t *testing.T) {
	host := model.NewHost()
	back := model.NewNIC(host, "0", model.NICConfig{})
	link, err := netfront.Open(t.Context(), host, "0")
	require.NoError(t, err)
	back.Die()
	errs := make(chan error)
	go func() {
		_, err := link.Send(make300())
		errs <- err
	}()
	go func() {
		_, err := link.Receive(room(1))
		errs <- err
	}()
	for link.Stats().Sent < 256 {
		runtime.Gosched()
	}
	require.NoError(t, link.Close())
	assert.ErrorIs(t, <-errs, frontend.ErrClosed)
	assert.ErrorIs(t, <-errs, frontend.ErrClosed)
	assert.Zero(t, host.Shared())
	assert.Equal(t, 2, host.Mapped(), "the rings wait for the back end")
	assert.Zero(t, goroutines(0))
	back.Bury()
	nothingLeft(t, host)
}

// TestResume: who waits goes on waiting, and gets frames of the new connection.
func TestResume(t *testing.T) {
	_, _, link := open(t, model.NICConfig{Frame: echo})
	received := make(chan uint32, 1000)
	go func() {
		in := room(4)
		for {
			n, err := link.Receive(in)
			if errors.Is(err, frontend.ErrClosed) {
				close(received)
				return
			}
			assert.NoError(t, err)
			for _, f := range in[:n] {
				received <- binary.BigEndian.Uint32(f.Data[14:])
			}
		}
	}()
	for i := range uint32(5) {
		_, err := link.Send([]netfront.Frame{frame(60, i)})
		require.NoError(t, err)
		require.Equal(t, i, <-received)
		require.NoError(t, link.Resume(t.Context()))
	}
	require.NoError(t, link.Close())
	_, ok := <-received
	assert.False(t, ok)
}

// TestSaved: the domain is saved and restored while somebody waits for frames.
func TestSaved(t *testing.T) {
	host, back, link := open(t, model.NICConfig{Frame: echo})
	received := make(chan error)
	in := room(4)
	go func() {
		_, err := link.Receive(in)
		received <- err
	}()
	require.NoError(t, host.Save(false, back.Close))
	_, err := link.Send([]netfront.Frame{frame(60, 7)})
	require.NoError(t, err)
	require.NoError(t, <-received)
	assert.Equal(t, frame(60, 7).Data, in[0].Data)
}
