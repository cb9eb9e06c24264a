package build

import (
	"errors"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/hypercall"
	"tuco/kernel/frame"
)

// fake is a hypervisor with one domain. Of the calls, counted from 1, the one with the number fails gives errFake.
type fake struct {
	t       *testing.T
	fails   int
	calls   int
	ports   hypercall.Port
	content []byte
	free    []frame.MFN // in a wild order
	given   map[frame.MFN]frame.PFN
	mapped  map[frame.MFN]bool
	root    frame.MFN
	context *hypercall.VCPUGuestContext
}

const (
	firstMFN   = 0x10_0000
	sharedInfo = frame.MFN(0x777)
)

var errFake = errors.New("the hypervisor does not want to")

func newFake(t *testing.T, pages int) *fake {
	b, err := syscall.Mmap(-1, 0, pages*frame.PageSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Munmap(b)) })
	f := &fake{t: t, content: b, given: map[frame.MFN]frame.PFN{}, mapped: map[frame.MFN]bool{}}
	for _, k := range rand.New(rand.NewPCG(uint64(pages), 0)).Perm(pages) {
		f.free = append(f.free, firstMFN+frame.MFN(k))
	}
	return f
}

func (f *fake) call() error {
	if f.calls++; f.calls == f.fails {
		return errFake
	}
	return nil
}

// must is require.True without the work of a message that nobody reads: it is asked often.
func (f *fake) must(ok bool, what string, args ...any) {
	if !ok {
		f.t.Helper()
		f.t.Fatalf(what, args...)
	}
}

func (f *fake) owns(m frame.MFN) bool { _, ok := f.given[m]; return ok }

func (f *fake) page(m frame.MFN) []byte {
	f.must(f.owns(m), "frame %#x is not the domain's", m)
	return f.content[(m-firstMFN)*frame.PageSize:][:frame.PageSize]
}

func (f *fake) AllocPort() (hypercall.Port, error) {
	f.ports++
	return f.ports, f.call()
}

func (f *fake) SharedInfo() (frame.MFN, error) { return sharedInfo, f.call() }

func (f *fake) Populate(first frame.PFN, frames []frame.MFN) error {
	if err := f.call(); err != nil {
		return err
	}
	f.must(len(f.free) >= len(frames), "there are %d frames, not %d", len(f.free), len(frames))
	for k := range frames {
		frames[k] = f.free[k]
		f.given[f.free[k]] = first + frame.PFN(k)
	}
	f.free = f.free[len(frames):]
	return nil
}

// Map gives the frames themselves, in their order: what is written is there at once.
func (f *fake) Map(frames []frame.MFN) (Mapping, error) {
	if err := f.call(); err != nil {
		return nil, err
	}
	for _, m := range frames {
		f.must(f.owns(m) && !f.mapped[m], "frame %#x is not the domain's, or mapped twice", m)
		f.mapped[m] = true
	}
	return &window{f, frames}, nil
}

type window struct {
	*fake
	frames []frame.MFN
}

func (w *window) Page(k int) []byte {
	w.must(w.mapped[w.frames[k]], "page %d is not mapped", k)
	return w.page(w.frames[k])
}

// Unmap unmaps even when it fails, as the real one would: there is nothing to be done about it.
func (w *window) Unmap() error {
	for _, m := range w.frames {
		delete(w.mapped, m)
	}
	return w.call()
}

// Pin validates all tables below the root, as a hypervisor does.
func (f *fake) Pin(root frame.MFN) error {
	if err := f.call(); err != nil {
		return err
	}
	v := validator{fake: f, tables: map[frame.MFN]int{}, writable: map[frame.MFN]bool{}}
	v.table(root, 4)
	for m := range v.tables {
		f.must(!v.writable[m], "the guest can write to the table %#x", m)
		f.must(!f.mapped[m], "the control domain can write to the table %#x", m)
	}
	f.root = root
	return nil
}

func (f *fake) SetContext(vcpu int, c *hypercall.VCPUGuestContext) error {
	require.Zero(f.t, vcpu)
	f.context = c
	return f.call()
}
