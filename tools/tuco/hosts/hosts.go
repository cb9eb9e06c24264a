// Package hosts keeps a record of the hosts that run on this machine, so that commands find them: where each one's management API listens, and the token
// that it wants.
//
// A record is a file of its user's (mode 0600: it has the token) in $XDG_RUNTIME_DIR/tuco/hosts, or without that variable in
// ~/.cache/tuco/hosts. Who runs a host holds a lock on its record for as long as the host lives, and the kernel gives the lock up when that process ends in whatever
// way. So a record without a lock is of a host that is no more, and whoever finds it removes it; no process number is trusted, since
// those are used again.
package hosts

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Host is what is recorded of one.
type Host struct {
	Address string    `json:"address"` // of its management API, HOST:PORT
	Token   string    `json:"token"`
	PID     int       `json:"pid"` // of the process that runs it
	LogDir  string    `json:"log_dir"`
	Started time.Time `json:"started"`
}

// ErrNone is that no host runs.
var ErrNone = errors.New("no host is running here")

// Dir is where the records are.
func Dir() (string, error) {
	base := os.Getenv("XDG_RUNTIME_DIR")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("the record of hosts: neither XDG_RUNTIME_DIR nor HOME says where it is: set one of them")
		}
		base = filepath.Join(home, ".cache")
	}
	return filepath.Join(base, "tuco", "hosts"), nil
}

// Record is a host's record, and the lock on it.
type Record struct{ file *os.File }

// Add records a host that this process runs, until Close or this process's end. PID and Started are filled in where they are zero.
func Add(h Host) (*Record, error) {
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the record of hosts: %w", err)
	}
	h.PID = cmp.Or(h.PID, os.Getpid())
	if h.Started.IsZero() {
		h.Started = time.Now()
	}
	r, err := write(dir, h)
	if err != nil {
		return nil, fmt.Errorf("the record of hosts: %w", err)
	}
	return r, nil
}

// write makes a record that nobody finds before it is locked and whole.
func write(dir string, h Host) (*Record, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, "*.new") // mode 0600
	if err != nil {
		return nil, err
	}
	unfinished := f.Name()
	if err = unix.Flock(int(f.Fd()), unix.LOCK_EX); err == nil {
		if _, err = f.Write(append(text, '\n')); err == nil {
			err = os.Rename(unfinished, finished(unfinished))
		}
	}
	if err != nil {
		os.Remove(unfinished)
		f.Close()
		return nil, err
	}
	return &Record{f}, nil
}

const extension = ".json"

func finished(name string) string { return name[:len(name)-len(".new")] + extension }

// Close removes the record: the host is no more.
func (r *Record) Close() error {
	return errors.Join(os.Remove(finished(r.file.Name())), r.file.Close())
}

// List is the hosts that run, the one last started first.
func List() ([]Host, error) {
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"+extension))
	if err != nil {
		return nil, err
	}
	var list []Host
	for _, name := range names {
		h, lives, err := read(name)
		if err != nil {
			return nil, fmt.Errorf("the record of hosts: %w", err)
		}
		if lives {
			list = append(list, h)
		}
	}
	slices.SortStableFunc(list, func(a, b Host) int { return b.Started.Compare(a.Started) })
	return list, nil
}

// Last is the host that was started last. It fails with ErrNone.
func Last() (Host, error) {
	list, err := List()
	if err != nil {
		return Host{}, err
	}
	if len(list) == 0 {
		return Host{}, ErrNone
	}
	return list[0], nil
}

// read reads a record, and removes that of a host that is no more.
func read(name string) (h Host, lives bool, err error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return h, false, nil // it has just been removed
	}
	if err != nil {
		return h, false, err
	}
	defer f.Close()
	err = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if err == nil {
		return h, false, ignore(os.Remove(name), fs.ErrNotExist)
	}
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return h, false, fmt.Errorf("%s: %w", name, err)
	}
	if err := json.NewDecoder(f).Decode(&h); err != nil {
		return h, false, fmt.Errorf("%s: %w", name, err)
	}
	return h, true, nil
}

func ignore(err, what error) error {
	if errors.Is(err, what) {
		return nil
	}
	return err
}
