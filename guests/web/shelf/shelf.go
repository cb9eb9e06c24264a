package shelf

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
)

// A Device is a disk, such as a blk.Disk.
type Device interface {
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error) // of whole pages
	Flush() error
	Size() int64
}

// A Shelf has files. Its methods may be called by several goroutines at once.
type Shelf struct {
	device Device
	room   int64 // for an archive

	mu         sync.Mutex
	generation uint64 // of what files has
	files      map[string][]byte
}

// Limits of a shelf's files.
const (
	MaxName  = 64
	MaxFiles = 1000
)

// ErrFull says that the disk has no room for a file.
var ErrFull = errors.New("the disk has no room for it")

// Open finds the files of a disk. One that has none, because it is new, is an empty shelf.
func Open(d Device) (*Shelf, error) {
	s := &Shelf{device: d, room: d.Size()/2/page*page - page, files: map[string][]byte{}}
	if s.room < page {
		return nil, fmt.Errorf("a disk of %d bytes is too small: at least %d are needed", d.Size(), 4*page)
	}
	for half := range uint64(2) {
		generation, files, err := s.read(half)
		if err != nil {
			return nil, err
		}
		if files != nil && generation > s.generation {
			s.generation, s.files = generation, files
		}
	}
	return s, nil
}

// Get is the content of a file, which is not to be changed.
func (s *Shelf) Get(name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	content, ok := s.files[name]
	if !ok {
		return nil, &fs.PathError{Op: "get", Path: name, Err: fs.ErrNotExist}
	}
	return content, nil
}

// Names are those of all files, in their order.
func (s *Shelf) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.files))
}

// Put makes a file, or another content for it, and keeps the slice. When it returns, the file survives a power cut. ErrFull: it is too large
// beside the others, or there are too many; fs.ErrInvalid: it can't have this name.
func (s *Shelf) Put(name string, content []byte) error {
	if !validName(name) {
		return &fs.PathError{Op: "put", Path: name, Err: fs.ErrInvalid}
	}
	return s.change(func(files map[string][]byte) error {
		if files[name] = content; len(files) > MaxFiles {
			return ErrFull
		}
		return nil
	})
}

// Remove removes a file.
func (s *Shelf) Remove(name string) error {
	return s.change(func(files map[string][]byte) error {
		if _, ok := files[name]; !ok {
			return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
		}
		delete(files, name)
		return nil
	})
}

// change writes the files as a function has changed them, and has them from then on.
func (s *Shelf) change(f func(files map[string][]byte) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	files := maps.Clone(s.files)
	if err := f(files); err != nil {
		return err
	}
	if err := s.write(s.generation+1, files); err != nil {
		return err
	}
	s.generation, s.files = s.generation+1, files
	return nil
}

// validName tells whether a file may have a name: it stands in paths and in HTML as it is.
func validName(name string) bool {
	for _, c := range []byte(name) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-') {
			return false
		}
	}
	return name != "" && len(name) <= MaxName && name[0] != '.'
}
