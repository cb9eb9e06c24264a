package page

import (
	"errors"
	"syscall"
	"testing"

	"tuco/guestlib/gate"
)

// In a guest these tests are run by "tuco test-go ./guestlib/page".

func needGuest(t *testing.T) {
	t.Helper()
	if !gate.Guest() {
		t.Skip("runs in a guest: tuco test-go ./guestlib/page")
	}
}

func TestNoGuest(t *testing.T) {
	if gate.Guest() {
		return
	}
	if _, err := Alloc(1); !errors.Is(err, syscall.ENOSYS) {
		t.Fatalf("got %v, want ENOSYS", err)
	}
}

func TestAlloc(t *testing.T) {
	needGuest(t)
	for range 3 {
		r, err := Alloc(300)
		if err != nil {
			t.Fatal(err)
		}
		frames := map[uint64]bool{}
		for i := range r.Len() {
			for _, b := range r.Page(i) {
				if b != 0 {
					t.Fatalf("page %d is not zero", i)
				}
			}
			r.Page(i)[0] = 1
			frames[uint64(r.Frame(i))] = true
		}
		if len(frames) != r.Len() {
			t.Fatalf("%d pages have %d frames", r.Len(), len(frames))
		}
		if err := r.Free(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Alloc(1 << 30); !errors.Is(err, syscall.ENOMEM) {
		t.Fatalf("more than there is: got %v, want ENOMEM", err)
	}
	if _, err := Alloc(0); !errors.Is(err, syscall.EINVAL) {
		t.Fatalf("none: got %v, want EINVAL", err)
	}
}

// Memory that was inaccessible for a time has what was in it; and it can go away meanwhile.
func TestInaccessible(t *testing.T) {
	needGuest(t)
	const pages = 40
	b, err := syscall.Mmap(-1, 0, pages*Size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	for i := range pages {
		b[i*Size] = byte(i + 1)
	}
	for range 2 {
		for _, prot := range []int{syscall.PROT_NONE, syscall.PROT_NONE, syscall.PROT_READ, syscall.PROT_NONE, syscall.PROT_READ | syscall.PROT_WRITE} {
			if err := syscall.Mprotect(b, prot); err != nil {
				t.Fatal(err)
			}
		}
		for i := range pages {
			if b[i*Size] != byte(i+1) {
				t.Fatalf("page %d has %d", i, b[i*Size])
			}
		}
	}
	if err := syscall.Mprotect(b, syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Munmap(b); err != nil {
		t.Fatal(err)
	}
}

// A frame of another page is seen at a second address, until it is taken away from there.
func TestRoom(t *testing.T) {
	needGuest(t)
	r, err := Alloc(2)
	if err != nil {
		t.Fatal(err)
	}
	room, err := Reserve(2)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		if err := room.Map(i, r.Frame(1-i)); err != nil {
			t.Fatal(err)
		}
	}
	copy(room.Bytes(0, 2), "second")
	copy(room.Bytes(1, 1), "first")
	if got := string(r.Page(0)[:5]) + string(r.Page(1)[:6]); got != "firstsecond" {
		t.Fatalf("the pages have %q", got)
	}
	for i := range 2 {
		if err := room.Unmap(i); err != nil {
			t.Fatal(err)
		}
	}
	if err := room.Free(); err != nil {
		t.Fatal(err)
	}
	if err := r.Free(); err != nil {
		t.Fatal(err)
	}
}
