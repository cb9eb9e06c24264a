package trace

import (
	"errors"
	"fmt"
	"slices"
	"sync"
)

// ErrBusy is what one reader too many gets.
var ErrBusy = errors.New("too many read the trace")

// maxReaders bounds how many readers there are: each is some work for every record.
const maxReaders = 4

// Hypervisor has the buffers.
type Hypervisor interface {
	// TraceBuffers are those of all CPUs, mapped for good.
	TraceBuffers() ([][]byte, error)
	// TraceClasses are the classes that are recorded, a bit (1<<class) each.
	TraceClasses() (uint64, error)
	// SetTraceClasses says which are to be.
	SetTraceClasses(classes uint64) error
}

// Service gives readers.
type Service struct {
	hypervisor Hypervisor

	mu      sync.Mutex
	buffers []buffer // constant once there are any
	usual   uint64   // what is recorded while nobody reads
	readers []*Reader
}

// New makes a service that does nothing before it is asked.
func New(h Hypervisor) *Service { return &Service{hypervisor: h} }

// Open makes a reader of some classes, a bit each. It is to be closed. ErrBusy: there are too many.
func (s *Service) Open(classes uint64) (*Reader, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.readers) >= maxReaders {
		return nil, fmt.Errorf("%w: there are %d readers already", ErrBusy, maxReaders)
	}
	if err := s.start(); err != nil {
		return nil, err
	}
	r := &Reader{service: s, classes: classes}
	for i := range s.buffers {
		r.places = append(r.places, s.buffers[i].produced())
	}
	if len(s.readers) == 0 {
		usual, err := s.hypervisor.TraceClasses()
		if err != nil {
			return nil, err
		}
		s.usual = usual
	}
	if err := s.hypervisor.SetTraceClasses(s.wanted() | classes); err != nil {
		return nil, err
	}
	s.readers = append(s.readers, r)
	return r, nil
}

// start maps the buffers, once.
func (s *Service) start() error {
	if s.buffers != nil {
		return nil
	}
	memory, err := s.hypervisor.TraceBuffers()
	if err != nil {
		return err
	}
	var buffers []buffer
	for cpu, m := range memory {
		b, err := open(m)
		if err != nil {
			return fmt.Errorf("CPU %d: %w", cpu, err)
		}
		buffers = append(buffers, b)
	}
	if len(buffers) == 0 {
		return errors.New("the hypervisor records nothing")
	}
	s.buffers = buffers
	return nil
}

// wanted is what is to be recorded. The lock is held.
func (s *Service) wanted() uint64 {
	all := s.usual
	for _, r := range s.readers {
		all |= r.classes
	}
	return all
}

func (s *Service) leave(r *Reader) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers = slices.DeleteFunc(s.readers, func(o *Reader) bool { return o == r })
	_ = s.hypervisor.SetTraceClasses(s.wanted()) // which has worked before
}
