package here_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"tuco/guestlib/blk"
	"tuco/guestlib/evtchn"
	"tuco/guestlib/evtchn/evtchntest"
	"tuco/guestlib/frontend"
	"tuco/guestlib/frontend/model"
	"tuco/guestlib/gate"
	"tuco/guestlib/grant"
	"tuco/guestlib/grant/granttest"
	"tuco/guestlib/here"
	"tuco/guestlib/netfront"
	"tuco/guestlib/page"
	"tuco/guestlib/xenbus"
	"tuco/guestlib/xenbus/xenbustest"
	"tuco/hypercall"
)

// In a guest these tests are run by "tuco test-go ./guestlib/here": there the domain is front end and back end.

// self is the domain that runs these.
const self hypercall.DomID = 0

func TestNoGuest(t *testing.T) {
	if gate.Guest() {
		return
	}
	_, err := blk.Open(t.Context(), here.Domain(), "51712")
	if !errors.Is(err, syscall.ENOSYS) {
		t.Fatalf("got %v, want ENOSYS", err)
	}
	if _, err := here.Domain().Share(1, 1, false); !errors.Is(err, syscall.ENOSYS) {
		t.Fatalf("got %v, want ENOSYS", err)
	}
	if _, err := here.Domain().Listen(1); !errors.Is(err, syscall.ENOSYS) {
		t.Fatalf("got %v, want ENOSYS", err)
	}
}

// Domain 0 has no store to find devices in, and says so.
func TestNoStoreInGuest(t *testing.T) {
	if !gate.Guest() {
		t.Skip("runs in a guest: tuco test-go ./guestlib/here")
	}
	if _, err := blk.Open(t.Context(), here.Domain(), "51712"); !errors.Is(err, frontend.ErrNoStore) {
		t.Fatalf("got %v, want ErrNoStore", err)
	}
	if _, err := netfront.Devices(here.Domain()); !errors.Is(err, frontend.ErrNoStore) {
		t.Fatalf("got %v, want ErrNoStore", err)
	}
}

// inMemory is a domain in memory.
func inMemory() (*granttest.Domain, *here.Here) {
	d := granttest.New()
	listen := func(hypercall.DomID) (frontend.Channel, error) { return nil, errors.New("no channel here") }
	return d, here.New(xenbustest.New().Connect(model.Guest), d.Table, d.Alloc, listen)
}

func TestShare(t *testing.T) {
	d, h := inMemory()
	s, err := h.Share(3, 4, false)
	if err != nil {
		t.Fatal(err)
	}
	for i, ref := range s.Refs {
		b, unmap, err := d.Map(3, ref, true)
		if err != nil {
			t.Fatal(err)
		}
		if &b[0] != &s.Memory[i*page.Size] {
			t.Fatalf("page %d is another", i)
		}
		unmap()
	}
	if _, _, err := d.Map(4, s.Refs[0], false); !errors.Is(err, granttest.ErrNotGranted) {
		t.Fatalf("another domain: got %v", err)
	}
	h.Unshare(s)
	if _, _, err := d.Map(3, s.Refs[0], false); !errors.Is(err, granttest.ErrNotGranted) {
		t.Fatalf("afterwards: got %v", err)
	}
	if d.Pages() != 0 {
		t.Fatalf("%d pages are left", d.Pages())
	}

	s, err = h.Share(3, 1, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Map(3, s.Refs[0], true); !errors.Is(err, granttest.ErrReadOnly) {
		t.Fatalf("for writing: got %v", err)
	}
	h.Unshare(s)
}

// Pages that the other domain has mapped are not freed before it lets go of the last of them.
func TestUnshareMapped(t *testing.T) {
	d, h := inMemory()
	s, err := h.Share(3, 2, false)
	if err != nil {
		t.Fatal(err)
	}
	_, unmap, err := d.Map(3, s.Refs[1], true)
	if err != nil {
		t.Fatal(err)
	}
	h.Unshare(s)
	if d.Pages() != 2 {
		t.Fatalf("%d pages are left, want 2", d.Pages())
	}
	unmap()
	s, err = h.Share(3, 1, false) // the table looks
	if err != nil {
		t.Fatal(err)
	}
	h.Unshare(s)
	if d.Pages() != 0 {
		t.Fatalf("%d pages are left", d.Pages())
	}
}

// Of what was shared before the domain was suspended only the memory is left: its references may be others' by now.
func TestUnshareResumed(t *testing.T) {
	d, h := inMemory()
	old, err := h.Share(3, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Table.Forget(); err != nil {
		t.Fatal(err)
	}
	if err := h.Resume(false); err != nil {
		t.Fatal(err)
	}
	s, err := h.Share(3, 1, false)
	if err != nil {
		t.Fatal(err)
	}
	if old.Refs[0] != s.Refs[0] {
		t.Fatalf("the test wants reference %d again, and got %d", old.Refs[0], s.Refs[0])
	}
	h.Unshare(old)
	if _, _, err := d.Map(3, s.Refs[0], true); err != nil {
		t.Fatal("the new one is gone too:", err)
	}
	if d.Pages() != 1 {
		t.Fatalf("%d pages are left, want 1", d.Pages())
	}
	h.Unshare(s)
}

// When the table is full nothing is left behind.
func TestTableFull(t *testing.T) {
	d, h := inMemory()
	var all []frontend.Shared
	for {
		s, err := h.Share(3, 64, false)
		if err != nil {
			if !errors.Is(err, grant.ErrFull) {
				t.Fatal(err)
			}
			break
		}
		all = append(all, s)
	}
	if d.Pages() != 64*len(all) {
		t.Fatalf("%d pages are left, want %d", d.Pages(), 64*len(all))
	}
	for _, s := range all {
		h.Unshare(s)
	}
	if d.Pages() != 0 {
		t.Fatalf("%d pages are left", d.Pages())
	}
}

// devices is a domain for front ends and one for back ends. In a guest both are the guest itself, with grants and channels of the
// hypervisor; else they are in memory.
func devices(t *testing.T) (frontend.Domain, model.Machine) {
	server := xenbustest.New()
	front, back := server.Connect(model.Guest), server.Connect(model.Back)
	t.Cleanup(func() { front.Close(); back.Close() })
	// As a toolstack does: each end may read what the other writes.
	for _, device := range []string{"vbd/%d/51712", "vif/%d/0"} {
		mine := strings.Replace(device, "/%d", "", 1)
		for dir, owner := range map[string]hypercall.DomID{
			"/local/domain/0/backend/" + fmt.Sprintf(device, model.Guest): model.Back, "/local/domain/7/device/" + mine: model.Guest,
		} {
			if err := back.Mkdir(dir); err != nil {
				t.Fatal(err)
			}
			other := model.Guest + model.Back - owner
			if err := back.SetPerms(dir, xenbus.Perm{Domain: owner}, xenbus.Perm{Domain: other, Read: true}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if !gate.Guest() {
		m := newMemory(back)
		return here.New(front, m.Table, m.Alloc, m.listen), m
	}
	table, err := grant.Open()
	if err != nil {
		t.Fatal(err)
	}
	listen := func(to hypercall.DomID) (frontend.Channel, error) { return evtchn.AllocUnbound(to) }
	p := &peer{store: back, maps: map[hypercall.GrantRef]*grant.Mapping{}, uses: map[hypercall.GrantRef]int{}, shared: map[hypercall.GrantRef][]byte{}}
	return sharing{here.New(front, table, page.Alloc, listen), p}, p
}

// memory is a back end's domain beside a front end's in memory.
type memory struct {
	*granttest.Domain
	peer
	unmaps map[hypercall.GrantRef]func()
	pages  map[hypercall.GrantRef][]byte
	ports  map[hypercall.Port]*evtchntest.End
}

// A disk and a network interface over everything that the library has: on the host against its parts in memory, in a guest
// against the hypervisor.
func TestDevicesInGuest(t *testing.T) {
	domain, machine := devices(t)
	const size = 1 << 20
	disk := model.NewDisk(machine, "51712", model.DiskConfig{Size: size, Persistent: true, Indirect: 32, Flush: true})
	defer disk.Stop()
	d, err := blk.Open(t.Context(), domain, "51712")
	if err != nil {
		t.Fatal(err)
	}
	want := make([]byte, size)
	for i := range want {
		want[i] = byte(rand.Uint32())
	}
	for at := 0; at < size; at += size / 8 {
		if _, err := d.WriteAt(want[at:at+size/8], int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Flush(); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, size)
	if _, err := d.ReadAt(got, 0); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) || !bytes.Equal(want, disk.Data()) {
		t.Fatal("the disk has something else")
	}

	nic := model.NewNIC(machine, "0", model.NICConfig{Frame: func(n *model.NIC, frame []byte) { n.Deliver(0, frame) }})
	defer nic.Stop()
	link, err := netfront.Open(t.Context(), domain, "0")
	if err != nil {
		t.Fatal(err)
	}
	out, in := make([]netfront.Frame, 20), make([]netfront.Frame, 20)
	for i := range out {
		out[i].Data, in[i].Data = bytes.Repeat([]byte{byte(i)}, 100+i), make([]byte, netfront.MaxFrame)
	}
	if _, err := link.Send(out); err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(in); {
		n, err := link.Receive(in[at:])
		if err != nil {
			t.Fatal(err)
		}
		at += n
	}
	for i := range out {
		if !bytes.Equal(out[i].Data, in[i].Data) {
			t.Fatalf("frame %d is %q", i, in[i].Data)
		}
	}
	t.Logf("disk: %+v; network: %+v", d.Stats(), link.Stats())
	if err := link.Close(); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := d.ReadAt(got, 0); !errors.Is(err, frontend.ErrClosed) {
		t.Fatalf("after Close: got %v", err)
	}
}
