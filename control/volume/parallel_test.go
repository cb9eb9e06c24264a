package volume

import (
	"fmt"
	"math/rand"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestRounds has many who ask for commits: each gets one that began after it asked, and there are no two at a time.
func TestRounds(t *testing.T) {
	var g rounds
	var asked [8]atomic.Int64
	var running atomic.Int64
	var all sync.WaitGroup
	for i := range asked {
		all.Go(func() {
			for n := int64(1); n <= 500; n++ {
				asked[i].Store(n)
				err := g.run(func() error {
					if running.Add(1) != 1 {
						t.Error("two commits run at a time")
					}
					var seen commitSaw
					for j := range asked {
						seen[j] = asked[j].Load()
					}
					runtime.Gosched()
					running.Add(-1)
					return seen
				})
				if saw := err.(commitSaw); saw[i] < n {
					t.Errorf("asked %d times, and the commit saw %d", n, saw[i])
				}
			}
		})
	}
	all.Wait()
}

// commitSaw is how often each had asked when a commit ran: its error, which tells everybody whose it was.
type commitSaw [8]int64

func (commitSaw) Error() string { return "" }

// TestParallel has several volumes written at the same time while others come and go, and the power cut in the middle.
func TestParallel(t *testing.T) {
	t.Parallel()
	n := 12
	if testing.Short() {
		n = 2
	}
	d := newDisk(24 << 20)
	require.NoError(t, Format(d, false))
	s := reopen(t, d)
	var writers [4]*model
	for i := range writers {
		name := fmt.Sprintf("v%d", i)
		writers[i] = &model{t: t, r: rand.New(rand.NewSource(int64(i))), tag: uint64(i+1) << 40, volumes: map[string]*modelVolume{
			name: {size: 100 << 20, sectors: map[int64]cell{}},
		}}
		require.NoError(t, s.Create(name, 100<<20))
	}
	r := rand.New(rand.NewSource(9))
	for range n {
		s, _, err := Open(d, Options{CacheNodes: 4})
		require.NoError(t, err)
		require.NoError(t, s.Check())
		for _, m := range writers {
			m.disk, m.s = d, s
			for name, v := range m.volumes {
				v.Volume = openVolume(t, s, name)
				m.verify(name, v, true)
			}
		}
		d.mu.Lock()
		d.left = 200 + r.Intn(400)
		d.mu.Unlock()
		var all sync.WaitGroup
		for _, m := range writers {
			all.Go(func() {
				for m.power() && !t.Failed() {
					m.busy()
				}
			})
		}
		all.Go(func() {
			for i := 0; ; i++ {
				// One that a power cut left is deleted at last.
				_ = s.Delete("copy")
				if s.Clone(fmt.Sprintf("v%d", i%len(writers)), "copy") != nil && !writers[0].power() {
					return
				}
				v, err := s.OpenVolume("copy", false)
				if err == nil {
					_, _ = v.WriteAt(make([]byte, 4096), int64(i%8)*ExtentSize)
					_ = v.Close()
				}
				_, _ = s.List()
			}
		})
		all.Wait()
		d = d.cut(r)
	}
	s = reopen(t, d)
	require.NoError(t, s.Check())
}

// busy does one thing to the one volume of a model, as step does to many.
func (m *model) busy() {
	for name, v := range m.volumes {
		switch n := m.r.Intn(20); {
		case n < 13:
			m.write(v)
		case n < 15:
			m.discard(v)
		case n < 18:
			m.flush(v)
		default:
			p := make([]byte, Sector)
			for at, c := range v.sectors {
				if _, err := v.ReadAt(p, at*Sector); err != nil {
					break
				}
				if got := le.Uint64(p); got != c.now {
					m.t.Errorf("%s: sector %d holds %d and not %d", name, at, got, c.now)
				}
				break
			}
		}
	}
}
