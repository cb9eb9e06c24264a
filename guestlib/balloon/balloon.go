// Package balloon gives memory of the domain back to the hypervisor while it needs less, and takes it again.
//
// The domain can't have more than it started with. What it gives back are frames of pages that are free: so [Set] has Go's
// collector run first and give its free memory to the library, and where the program needs more than the target says, the
// target is not reached. To take memory again may fail, because another domain has it by now; the domain works with less
// then, as long as it lasts.
package balloon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime/debug"
	"strconv"
	"sync"
	"syscall"
	"time"

	"tuco/guestlib/gate"
	"tuco/guestlib/page"
	"tuco/guestlib/xenbus"
)

// ErrNotReached says that the target was not reached, for now.
var ErrNotReached = errors.New("the memory target was not reached")

// A machine is what has memory to give and take: some frames at a time, and it tells how many.
type machine interface {
	pages() (uint64, error)
	give(most uint64) uint64
	take(most uint64) uint64
	collect()
}

// guest is the library's.
type guest struct{}

func (guest) pages() (uint64, error) {
	n := gate.Call(gate.MemoryPages, 0, 0, 0, 0, 0)
	if err := gate.Errno(n); err != 0 {
		return 0, os.NewSyscallError("ask for the domain's memory", syscall.Errno(err))
	}
	return uint64(n), nil
}
func (guest) give(most uint64) uint64 {
	return uint64(gate.Call(gate.MemoryGive, uintptr(most), 0, 0, 0, 0))
}
func (guest) take(most uint64) uint64 {
	return uint64(gate.Call(gate.MemoryTake, uintptr(most), 0, 0, 0, 0))
}
func (guest) collect() { debug.FreeOSMemory() }

// setting is held while pages are moved.
var setting sync.Mutex

// Pages is how many pages of memory the domain has now. ENOSYS: the program is no guest.
func Pages() (uint64, error) { return guest{}.pages() }

// Set gives pages back or takes some, until the domain has as many as the target says, and returns how many it has. The error is
// ErrNotReached.
func Set(target uint64) (now uint64, err error) { return set(guest{}, target) }

func set(m machine, target uint64) (now uint64, err error) {
	setting.Lock()
	defer setting.Unlock()
	collected := false
	for {
		if now, err = m.pages(); err != nil || now == target {
			return now, err
		}
		moved := uint64(0)
		if now < target {
			moved = m.take(target - now)
		} else if moved = m.give(now - target); moved == 0 && !collected {
			m.collect()
			collected = true
			continue
		}
		if moved == 0 {
			return now, fmt.Errorf("%w: %d pages, not %d", ErrNotReached, now, target)
		}
	}
}

// targetPath is where the toolstack says how much memory it wants the domain to have, in KiB.
const targetPath = "memory/target"

// retry is how long Follow waits before it tries again to reach a target.
const retry = 5 * time.Second

// Follow keeps the domain at the target that the store tells, until the context ends or the store is gone, and returns which.
// A target above what the domain started with means that, and one that is no number is passed over.
func Follow(ctx context.Context, store *xenbus.Store) error { return follow(ctx, store, guest{}) }

func follow(ctx context.Context, store *xenbus.Store, m machine) error {
	most, err := m.pages()
	if err != nil {
		return err
	}
	w, err := store.Watch(targetPath)
	if err != nil {
		return err
	}
	defer w.Stop()
	again := time.NewTimer(retry)
	defer again.Stop()
	for {
		select {
		case _, ok := <-w.Changed():
			if !ok {
				return w.Err()
			}
			w.Take()
		case <-again.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		text, err := store.Read(targetPath)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		kib, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			continue // none yet, or the next one is better
		}
		again.Stop()
		if _, err := set(m, min(kib/(page.Size/1024), most)); err != nil {
			again.Reset(retry)
		}
	}
}
