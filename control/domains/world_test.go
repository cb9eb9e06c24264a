package domains

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tuco/control/build"
	"tuco/control/config"
	"tuco/hypercall"
	"tuco/kernel/frame"
	"tuco/tools/mkkernel"
)

var (
	errFault = errors.New("a fault that the test made")
	errGone  = errors.New("the domain is gone")
)

// world is the hypervisor, the daemons and the disk. It counts the calls and lets some of them fail.
type world struct {
	t        testing.TB
	mu       sync.Mutex
	calls    int
	fails    func(call int) bool // nil: none
	serial   uint64
	domains  map[ID]*fakeDomain
	attached map[string]map[ID]string // by service: the guest's name
	asked    []string
	document []byte
	open     int // kernels and ramdisks
	now      time.Time
}

func newWorld(t testing.TB) *world {
	return &world{
		t: t, domains: map[ID]*fakeDomain{}, now: time.Unix(1e9, 0),
		attached: map[string]map[ID]string{"store": {}, "console": {}, "disks": {}, "network": {}},
	}
}

// manager makes a toolstack in this world.
func (w *world) manager(q Quota) *Manager {
	return New(Options{
		Hypervisor: w, Signals: w, Images: w, Store: w, Quota: q,
		Services: []Service{&service{w, "store"}, &service{w, "console"}, &service{w, "disks"}, &service{w, "network"}},
		Evidence: []Evidence{{"console", func(i *Instance) (string, error) { return "the end of " + i.Config.Name, w.call() }}},
		Now:      func() time.Time { return w.now },
	})
}

// call counts a call. Its error means that the call does nothing.
func (w *world) call() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.called()
}

func (w *world) called() error {
	w.calls++
	if w.fails != nil && w.fails(w.calls) {
		return errFault
	}
	return nil
}

// do is a call about a domain.
func (w *world) do(id ID, what func(d *fakeDomain)) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.called(); err != nil {
		return err
	}
	if d := w.domains[id]; d != nil {
		what(d)
	}
	return nil
}

// alive is do about a domain that has to be there.
func (w *world) alive(id ID, what func(d *fakeDomain)) error {
	there := false
	err := w.do(id, func(d *fakeDomain) { there = true; what(d) })
	if err == nil && !there {
		err = errGone
	}
	return err
}

func (w *world) Features() uint64 { return 0 }

func (w *world) Create(l *Limits) (ID, build.Domain, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.called(); err != nil {
		return ID{}, nil, err
	}
	w.serial++
	id := ID{hypercall.DomID(len(w.domains) + 1), w.serial}
	d := &fakeDomain{world: w, limits: *l, pages: map[frame.MFN][]byte{}, status: Status{ID: id, Handle: l.Handle, Paused: true}}
	w.domains[id] = d
	return id, d, nil
}

// What of the machine is the hypervisor's.
const takenPort, takenFrame = 0x20, 0x100

func (w *world) GivePorts(id ID, p config.Ports) (err error) {
	bad := w.alive(id, func(d *fakeDomain) {
		if p.Overlap(config.Ports{First: takenPort, Last: takenPort}) {
			err = syscall.EBUSY
			return
		}
		d.parts = append(d.parts, p.String())
	})
	return cmp.Or(bad, err)
}

func (w *world) GiveMemory(id ID, f config.Frames) (err error) {
	bad := w.alive(id, func(d *fakeDomain) {
		if f.Overlap(config.Frames{First: takenFrame, Count: 1}) {
			err = syscall.EBUSY
			return
		}
		d.parts = append(d.parts, f.String())
	})
	return cmp.Or(bad, err)
}

func (w *world) SetSchedule(id ID, weight, limit int) error {
	return w.alive(id, func(d *fakeDomain) { d.limits.Weight, d.limits.Cap = weight, limit })
}

func (w *world) Pause(id ID) error {
	return w.do(id, func(d *fakeDomain) { d.status.Paused = true })
}

func (w *world) Unpause(id ID) error {
	return w.alive(id, func(d *fakeDomain) {
		require.True(w.t, d.ready, "a domain runs that was not built")
		for name, s := range w.attached {
			require.Contains(w.t, s, id, "a domain runs without %s", name)
		}
		d.status.Paused = false
	})
}

func (w *world) Destroy(id ID) error {
	return w.do(id, func(*fakeDomain) { delete(w.domains, id) })
}

func (w *world) List() (list []Status, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.called(); err != nil {
		return nil, err
	}
	for _, d := range w.domains {
		list = append(list, d.status)
	}
	return list, nil
}

func (w *world) Shutdown(i *Instance, how string) error {
	return w.do(i.ID, func(*fakeDomain) { w.asked = append(w.asked, i.Config.Name+" "+how) })
}

func (w *world) Open(name string) (Image, error) {
	content, err := w.read(name)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open++
	return &image{bytes.NewReader(content), w}, nil
}

// image is a file that counts as open until it is closed.
type image struct {
	*bytes.Reader
	w *world
}

func (i *image) Close() error {
	i.w.mu.Lock()
	defer i.w.mu.Unlock()
	i.w.open--
	return nil
}

func (w *world) read(name string) ([]byte, error) {
	if err := w.call(); err != nil {
		return nil, err
	}
	switch name {
	case "kernel":
		k := mkkernel.Plain()
		k.Segments[0].PAddr = 0x1000
		k.Notes[2].Content = uint64(0x1000)
		return k.Bytes(), nil
	case "disk":
		return []byte("ramdisk"), nil
	case "text":
		return []byte("no kernel"), nil
	}
	return nil, errors.New(name + ": no such file")
}

func (w *world) Load() ([]byte, error) { return w.document, w.call() }

func (w *world) Save(text []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.called(); err != nil {
		return err
	}
	w.document = text
	return nil
}

// service is a daemon.
type service struct {
	*world
	name string
}

func (s *service) Name() string { return s.name }

func (s *service) Attach(i *Instance) error {
	return s.alive(i.ID, func(d *fakeDomain) {
		require.True(s.t, d.ready, "the rings are there")
		s.attached[s.name][i.ID] = i.Config.Name
	})
}

func (s *service) Detach(i *Instance) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.called(); err != nil {
		return err
	}
	delete(s.attached[s.name], i.ID)
	return nil
}

// fakeDomain is a domain as the builder sees it.
type fakeDomain struct {
	*world
	limits Limits
	status Status
	pages  map[frame.MFN][]byte
	ready  bool
	parts  []string // of the machine
}

// call is a call about the domain; Unmap is one that needs no domain.
func (d *fakeDomain) call() error { return d.alive(d.status.ID, func(*fakeDomain) {}) }

func (d *fakeDomain) AllocPort() (hypercall.Port, error) { return 1, d.call() }
func (d *fakeDomain) SharedInfo() (frame.MFN, error)     { return 1, d.call() }
func (d *fakeDomain) Pin(frame.MFN) error                { return d.call() }
func (d *fakeDomain) Unmap() error                       { return d.world.call() }

func (d *fakeDomain) Populate(_ frame.PFN, frames []frame.MFN) error {
	require.EqualValues(d.t, d.limits.Pages, len(frames))
	for k := range frames {
		frames[k] = frame.MFN(k)
	}
	return d.call()
}

func (d *fakeDomain) Map([]frame.MFN) (build.Mapping, error) { return d, d.call() }

func (d *fakeDomain) Page(k int) []byte {
	if d.pages[frame.MFN(k)] == nil {
		d.pages[frame.MFN(k)] = make([]byte, frame.PageSize)
	}
	return d.pages[frame.MFN(k)]
}

func (d *fakeDomain) SetContext(int, *hypercall.VCPUGuestContext) error {
	return d.alive(d.status.ID, func(*fakeDomain) { d.ready = true })
}

// end ends a guest's domain by itself.
func (w *world) end(m *Manager, name string, reason uint32) {
	for _, i := range m.List() {
		w.mu.Lock()
		if d := w.domains[i.ID]; i.Config.Name == name && d != nil {
			d.status.Ended, d.status.Reason = true, reason
		}
		w.mu.Unlock()
	}
}

// recorded are the guests of the record.
func (w *world) recorded() (names []string) {
	var d document
	if w.document != nil {
		require.NoError(w.t, json.Unmarshal(w.document, &d))
	}
	for _, g := range d.Guests {
		names = append(names, g.Config.Name)
	}
	return names
}

// check compares the world with what the manager says.
func (w *world) check(m *Manager) {
	if len(m.orphans) > 0 {
		return // something is half-made, and known to be
	}
	owners, names := map[ID]string{}, []string(nil)
	for _, i := range m.List() {
		names = append(names, i.Config.Name)
		if i.ID != (ID{}) {
			owners[i.ID] = i.Config.Name
		}
	}
	require.Zero(w.t, w.open, "no kernel or ramdisk is open")
	require.Equal(w.t, names, w.recorded(), "the record has the guests that there are")
	require.ElementsMatch(w.t, slices.Collect(maps.Keys(owners)), slices.Collect(maps.Keys(w.domains)), "each domain is a guest's")
	for name, s := range w.attached {
		require.Equal(w.t, owners, s, "the %s serves all guests and no others", name)
	}
}

func guestFile(name, more string) *config.Guest {
	g, err := config.Parse(name, []byte("name = '"+name+"'\nkernel = 'kernel'\nmemory = 5\n"+more))
	if err != nil {
		panic(err)
	}
	return g
}
