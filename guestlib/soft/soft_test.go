package soft

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tuco/guestlib/gate"
)

// In a guest these tests are run by "tuco test-go ./guestlib/soft". The standard library alone, so that they are ordinary
// tests there.

func needGuest(t *testing.T) {
	t.Helper()
	if !gate.Guest() {
		t.Skip("runs in a guest: tuco test-go ./guestlib/soft")
	}
}

func TestNoGuest(t *testing.T) {
	if gate.Guest() {
		return
	}
	if _, err := Open(); !errors.Is(err, syscall.ENOSYS) {
		t.Fatalf("got %v, want ENOSYS", err)
	}
}

// box is a mailbox with room for one number.
type box struct {
	lock sync.Mutex
	full bool
	v    int
	d    Descriptor
	file *os.File
}

func newBox(t *testing.T) *box {
	t.Helper()
	d, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	b := &box{d: d, file: os.NewFile(uintptr(d), "box")}
	if err := d.Raise(Out); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.file.Close() })
	return b
}

func (b *box) put(v int) error {
	conn, err := b.file.SyscallConn()
	if err != nil {
		return err
	}
	return conn.Write(func(uintptr) bool {
		b.lock.Lock()
		defer b.lock.Unlock()
		if b.full {
			return false
		}
		b.v, b.full = v, true
		b.d.Lower(Out)
		b.d.Raise(In)
		return true
	})
}

func (b *box) get() (v int, err error) {
	conn, err := b.file.SyscallConn()
	if err != nil {
		return 0, err
	}
	err = conn.Read(func(uintptr) bool {
		b.lock.Lock()
		defer b.lock.Unlock()
		if !b.full {
			return false
		}
		v, b.full = b.v, false
		b.d.Lower(In)
		b.d.Raise(Out)
		return true
	})
	return v, err
}

// All numbers arrive, in order, whoever is faster.
func TestMailbox(t *testing.T) {
	needGuest(t)
	const numbers = 2000
	b := newBox(t)
	go func() {
		for v := range numbers {
			if err := b.put(v); err != nil {
				t.Error(err)
			}
		}
	}()
	for want := range numbers {
		v, err := b.get()
		if err != nil || v != want {
			t.Fatalf("got %d, %v, want %d", v, err, want)
		}
	}
}

// Many descriptors at once: more than the poller tells of in one go.
func TestManyMailboxes(t *testing.T) {
	needGuest(t)
	const boxes, numbers = 300, 20
	var sum atomic.Int64
	var all sync.WaitGroup
	for range boxes {
		b := newBox(t)
		all.Go(func() {
			for v := range numbers {
				if err := b.put(v); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for range numbers {
				v, err := b.get()
				if err != nil {
					t.Error(err)
				}
				sum.Add(int64(v))
			}
		})
	}
	all.Wait()
	if want := int64(boxes * numbers * (numbers - 1) / 2); sum.Load() != want {
		t.Fatalf("got %d, want %d", sum.Load(), want)
	}
}

// What was raised before the poller listens is told to it.
func TestRaisedBefore(t *testing.T) {
	needGuest(t)
	d, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Raise(In); err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(d), "soft")
	defer file.Close()
	conn, err := file.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	if err := conn.Read(func(uintptr) bool { tries++; return tries == 2 }); err != nil {
		t.Fatal(err)
	}
}

func TestDeadline(t *testing.T) {
	needGuest(t)
	b := newBox(t)
	if err := b.file.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.get(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("got %v, want a deadline exceeded", err)
	}
	if err := b.file.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := b.put(7); err != nil {
		t.Fatal(err)
	}
	if v, err := b.get(); err != nil || v != 7 {
		t.Fatalf("got %d, %v", v, err)
	}
}

// Closing wakes who waits, and the number is free again.
func TestClose(t *testing.T) {
	needGuest(t)
	b := newBox(t)
	done := make(chan error)
	go func() {
		_, err := b.get()
		done <- err
	}()
	time.Sleep(10 * time.Millisecond)
	b.file.Close()
	if err := <-done; err == nil {
		t.Fatal("a closed mailbox had something")
	}
	if err := b.d.Raise(In); !errors.Is(err, syscall.EBADF) {
		t.Fatalf("got %v, want EBADF", err)
	}
	again, err := Open()
	if err != nil || again != b.d {
		t.Fatalf("got %d, %v, want %d", again, err, b.d)
	}
	again.Close()
}

func TestTooMany(t *testing.T) {
	needGuest(t)
	var all []Descriptor
	for {
		d, err := Open()
		if err != nil {
			if !errors.Is(err, syscall.EMFILE) {
				t.Errorf("got %v, want EMFILE", err)
			}
			break
		}
		all = append(all, d)
	}
	if len(all) < 500 {
		t.Errorf("only %d descriptors", len(all))
	}
	for _, d := range all {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}
