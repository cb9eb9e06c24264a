package balloon

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/gate"
	"tuco/guestlib/hyper"
	"tuco/guestlib/page"
	"tuco/guestlib/xenbus/xenbustest"
	"tuco/hypercall"
)

// fake has memory, of which some is free, and some more when it was collected.
type fake struct {
	lock                     sync.Mutex
	now, free, garbage, host uint64
}

func (f *fake) pages() (uint64, error) {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.now, nil
}

func (f *fake) give(most uint64) uint64 {
	f.lock.Lock()
	defer f.lock.Unlock()
	n := min(most, 100, f.free)
	f.now, f.free, f.host = f.now-n, f.free-n, f.host+n
	return n
}

func (f *fake) take(most uint64) uint64 {
	f.lock.Lock()
	defer f.lock.Unlock()
	n := min(most, 100, f.host)
	f.now, f.free, f.host = f.now+n, f.free+n, f.host-n
	return n
}

func (f *fake) collect() {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.free, f.garbage = f.free+f.garbage, 0
}

func TestSet(t *testing.T) {
	f := &fake{now: 1000, free: 300, garbage: 200}
	now, err := set(f, 900)
	require.NoError(t, err)
	require.Equal(t, uint64(900), now)
	require.Equal(t, uint64(200), f.garbage, "there was no need to collect")
	now, err = set(f, 550)
	require.NoError(t, err)
	require.Equal(t, uint64(550), now)
	now, err = set(f, 400)
	require.ErrorIs(t, err, ErrNotReached)
	require.Equal(t, uint64(500), now)
	now, err = set(f, 1000)
	require.NoError(t, err)
	require.Equal(t, uint64(1000), now)
	_, err = set(f, 700)
	require.NoError(t, err)
	f.host = 50 // somebody else has taken it
	now, err = set(f, 1000)
	require.ErrorIs(t, err, ErrNotReached)
	require.Equal(t, uint64(750), now)
}

func TestFollow(t *testing.T) {
	server := xenbustest.New()
	store := server.Connect(5)
	defer store.Close()
	f := &fake{now: 1000, free: 900}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- follow(ctx, store, f) }()
	for _, step := range []struct {
		target string
		want   uint64
	}{{"2000", 500}, {"not a number", 500}, {"3200", 800}, {"99999999", 1000}, {"400", 100}} {
		server.Write("/local/domain/5/memory/target", step.target)
		require.Eventually(t, func() bool { n, _ := f.pages(); return n == step.want }, 10*time.Second, time.Millisecond, "%s", step.target)
	}
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)

	go func() { ended <- follow(t.Context(), store, f) }()
	time.Sleep(5 * time.Millisecond)
	server.Disconnect(5)
	store.Close()
	require.Error(t, <-ended)
}

// In a guest: the hypervisor counts the same, and the memory that comes back is memory.
func TestInGuest(t *testing.T) {
	if !gate.Guest() {
		t.Skip("runs in a guest: tuco test-go ./guestlib/balloon")
	}
	counted := func() uint64 {
		_, n, err := hyper.Op("count the domain's memory", hypercall.HYPERVISOR_memory_op, hypercall.XENMEM_current_reservation,
			hypercall.XenMemoryDomain{DomID: hypercall.DOMID_SELF})
		require.NoError(t, err)
		return n
	}
	most, err := Pages()
	require.NoError(t, err)
	extra := counted() - most // pages that are the domain's, and no memory
	for round := range 3 {
		const fewer = 10_000
		now, err := Set(most - fewer)
		require.NoError(t, err)
		require.Equal(t, most-fewer, now)
		require.Equal(t, most-fewer, counted()-extra)
		now, err = Set(most)
		require.NoError(t, err)
		require.Equal(t, most, now)
		require.Equal(t, most, counted()-extra)
		run, err := page.Alloc(fewer)
		require.NoError(t, err)
		for i := range fewer {
			copy(run.Page(i), strconv.Itoa(i+round))
		}
		for i := range fewer {
			require.Equal(t, strconv.Itoa(i+round), string(run.Page(i)[:len(strconv.Itoa(i+round))]))
		}
		require.NoError(t, run.Free())
	}
	_, err = Set(0)
	require.ErrorIs(t, err, ErrNotReached)
	_, err = Set(most)
	require.NoError(t, err)
}
