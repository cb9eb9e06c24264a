package blk_test

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/guestlib/blk"
	"tuco/guestlib/frontend"
	"tuco/guestlib/frontend/model"
	"tuco/ring"
	"tuco/ring/blkif"
)

// byHand opens a disk whose back end is the test.
func byHand(t testing.TB) (*model.DiskSession, *blk.Disk) {
	_, back, disk := open(t, model.DiskConfig{Size: mib, Flush: true, ByHand: true})
	return <-back.Sessions, disk
}

// takeAll waits for requests.
func takeAll(t testing.TB, s *model.DiskSession, n int) (all []blkif.Request) {
	for len(all) < n {
		require.NoError(t, s.Channel.Wait(t.Context()))
		for more := true; more; {
			var req blkif.Request
			ok, err := s.Ring.Take(&req)
			require.NoError(t, err)
			if ok {
				all = append(all, req)
			} else {
				more, err = s.Ring.FinalCheck()
				require.NoError(t, err)
			}
		}
	}
	return all
}

// TestHostileResponses: each of these ends the connection, and all who wait get an error.
func TestHostileResponses(t *testing.T) {
	type (
		session = *model.DiskSession
		request = blkif.Request
	)
	put := func(s session, rsp blkif.Response) { s.Ring.Put(&rsp) }
	for name, answer := range map[string]func(session, request){
		"unknown ID": func(s session, req request) { put(s, blkif.Response{ID: 32, Op: req.Op}) },
		"huge ID": func(s session, req request) {
			put(s, blkif.Response{ID: 1<<63 + req.ID, Op: req.Op})
		},
		"ID not in use":   func(s session, req request) { put(s, blkif.Response{ID: 0, Op: req.Op}) },
		"other operation": func(s session, req request) { put(s, blkif.Response{ID: req.ID, Op: 3}) },
		"unknown status": func(s session, req request) {
			put(s, blkif.Response{ID: req.ID, Op: req.Op, Status: 1})
		},
		"unknown error": func(s session, req request) {
			put(s, blkif.Response{ID: req.ID, Op: req.Op, Status: -3})
		},
		"index far ahead": func(s session, _ request) { atomic.StoreUint32(&ring.HeaderOf(s.Memory).RspProd, 1000) },
		"index behind":    func(s session, _ request) { atomic.StoreUint32(&ring.HeaderOf(s.Memory).RspProd, 0xffff_ffff) },
		"more than asked": func(s session, _ request) { atomic.StoreUint32(&ring.HeaderOf(s.Memory).RspProd, 4) },
		"answered twice":  func(s session, req request) { rsp := s.Handle(&req); put(s, rsp); put(s, rsp) },
		"garbage in slots": func(s session, _ request) {
			clear(s.Memory[64:])
			s.Memory[64+8] = 0xff
			put(s, blkif.Response{Status: 77})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, disk := byHand(t)
			var wg sync.WaitGroup
			for i := range 3 {
				wg.Go(func() {
					_, err := disk.ReadAt(make([]byte, 512), int64(i)*512)
					if name != "answered twice" || err != nil {
						assert.ErrorIs(t, err, frontend.ErrMisbehaved)
						assert.ErrorContains(t, err, "device/vbd/51712: ")
					}
				})
			}
			all := takeAll(t, s, 3)
			answer(s, all[2])
			if s.Ring.Unanswered() != 3 {
				s.Ring.Push()
			}
			_ = s.Channel.Notify()
			wg.Wait()
			_, err := disk.ReadAt(make([]byte, 512), 0)
			assert.ErrorIs(t, err, frontend.ErrMisbehaved)
			_, err = disk.WriteAt(make([]byte, 512), 0)
			assert.ErrorIs(t, err, frontend.ErrMisbehaved)
			assert.ErrorIs(t, disk.Flush(), frontend.ErrMisbehaved)
		})
	}
}

// TestNothingLeftAfterMisbehaviour: that needs no Close.
func TestNothingLeftAfterMisbehaviour(t *testing.T) {
	host := model.NewHost()
	back := model.NewDisk(host, "51712", model.DiskConfig{Size: mib, ByHand: true})
	disk, err := blk.Open(t.Context(), host, "51712")
	require.NoError(t, err)
	s := <-back.Sessions
	atomic.StoreUint32(&ring.HeaderOf(s.Memory).RspProd, 5)
	_ = s.Channel.Notify()
	assert.LessOrEqual(t, goroutines(0), 0)
	_, err = disk.ReadAt(make([]byte, 1), 0)
	assert.ErrorIs(t, err, ring.ErrIndex)
	assert.Zero(t, host.Shared())
	back.Stop()
	nothingLeft(t, host)
}

// TestEventsWithoutReason: a back end that sends nothing but events is slowed down, and served nevertheless.
func TestEventsWithoutReason(t *testing.T) {
	_, back, disk := open(t, model.DiskConfig{Size: mib, ByHand: true})
	s := <-back.Sessions
	done := make(chan error)
	go func() {
		_, err := disk.ReadAt(make([]byte, 512), 0)
		done <- err
	}()
	all := takeAll(t, s, 1)
	before := disk.Stats().Events
	for range 200_000 {
		_ = s.Channel.Notify()
	}
	assert.Less(t, disk.Stats().Events-before, uint64(100_000))
	rsp := s.Handle(&all[0])
	s.Ring.Put(&rsp)
	s.Ring.Push()
	_ = s.Channel.Notify()
	assert.NoError(t, <-done)
}

// FuzzHostileBackEnd plays a back end of which each step is a byte or two of a script. Calls may fail but never hang once the
// device is closed, nothing may panic, and nothing may be left.
func FuzzHostileBackEnd(f *testing.F) {
	f.Add([]byte{0, 0, 1, 2, 0, 3, 5})
	f.Add([]byte{0, 1, 0, 0, 0, 4, 200, 3, 5})
	f.Add([]byte{0, 2, 1, 9, 0, 3, 5, 6, 1})
	f.Fuzz(func(t *testing.T, script []byte) {
		s, disk := byHand(t)
		var wg sync.WaitGroup
		for i := range 3 {
			wg.Go(func() {
				_, _ = disk.ReadAt(make([]byte, 5000), int64(i)*700)
				_, _ = disk.WriteAt(make([]byte, 60<<10), 0)
				_ = disk.Flush()
			})
		}
		var taken []blkif.Request
		next := func() (b byte) {
			if len(script) > 0 {
				b, script = script[0], script[1:]
			}
			return b
		}
		for len(script) > 0 {
			switch next() % 8 {
			case 0:
				var req blkif.Request
				if ok, _ := s.Ring.Take(&req); ok {
					taken = append(taken, req)
				}
			case 1: // a response of whatever content
				s.Ring.Put(&blkif.Response{ID: uint64(next() % 40), Op: blkif.Op(next() % 7), Status: blkif.Status(int8(next()))})
			case 2, 3: // a true one
				if len(taken) > 0 {
					rsp := s.Handle(&taken[0])
					s.Ring.Put(&rsp)
					taken = taken[1:]
				}
			case 4:
				atomic.AddUint32(&ring.HeaderOf(s.Memory).RspProd, uint32(int8(next())))
			case 5:
				s.Ring.Push()
				_ = s.Channel.Notify()
			case 6:
				atomic.StoreUint32(&ring.HeaderOf(s.Memory).ReqEvent, uint32(int8(next())))
			case 7:
				_, _ = s.Ring.FinalCheck()
			}
		}
		_ = s.Channel.Notify()
		require.NoError(t, disk.Close())
		wg.Wait()
	})
}

// TestXSA403NothingElseShared: the back end can see what is to be written, and nothing else of the program's.
func TestXSA403NothingElseShared(t *testing.T) {
	host, back, disk := open(t, model.DiskConfig{Size: mib, ByHand: true})
	s := <-back.Sessions
	done := make(chan error)
	go func() {
		memory := bytes.Repeat([]byte("secret!!"), 4096)
		_, err := disk.WriteAt(memory[1000:1000+5*512], 0)
		done <- err
	}()
	all := takeAll(t, s, 1)
	secrets := 0
	host.EachShared(func(page []byte) { secrets += bytes.Count(page, []byte("secret!!")) })
	assert.Equal(t, 5*512/8, secrets)
	rsp := s.Handle(&all[0])
	s.Ring.Put(&rsp)
	s.Ring.Push()
	_ = s.Channel.Notify()
	require.NoError(t, <-done)
}
