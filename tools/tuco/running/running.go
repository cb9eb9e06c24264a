// Package running is the record of the hosts that run here: where their management API is, and the token for it.
//
// "tuco up" keeps a file for its host, which other commands read. The file is locked for as long as its writer lives, so a file that
// can be locked is a dead one's, however it died, and whoever finds it removes it.
package running

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Host is a host that runs here.
type Host struct {
	Address string    `json:"address"` // HOST:PORT, where the API is
	Token   string    `json:"token"`   // which each request has to carry
	PID     int       `json:"pid"`     // of the "tuco up"
	LogDir  string    `json:"log_dir"`
	Started time.Time `json:"started"`
}

// Dir is where the files are: below $XDG_RUNTIME_DIR, or else below ~/.cache.
func Dir() (string, error) {
	base := os.Getenv("XDG_RUNTIME_DIR")
	if base == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		base = filepath.Join(home, ".cache")
	}
	return filepath.Join(base, "tuco", "hosts"), nil
}

const suffix = ".json"

// Kept is a host's file.
type Kept struct{ file *os.File }

// Keep writes a host's file, which only its owner can read, and keeps it locked.
func Keep(h Host) (k *Kept, err error) {
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	text, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(dir, "new-*") // with mode 0600
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
			err = fmt.Errorf("the record of the host: %w", err)
		}
	}()
	if err := lock(f); err != nil { // before anybody finds it
		return nil, err
	}
	if _, err := f.Write(text); err != nil {
		return nil, err
	}
	if err := os.Rename(f.Name(), pathOf(dir, h)); err != nil {
		return nil, err
	}
	return &Kept{f}, nil
}

func pathOf(dir string, h Host) string {
	return filepath.Join(dir, fmt.Sprintf("%d-%d%s", h.Started.UnixNano(), h.PID, suffix))
}

// Remove takes the file away.
func (k *Kept) Remove() error {
	path, err := k.path()
	return errors.Join(err, os.Remove(path), k.file.Close())
}

// path is what the file is called by now.
func (k *Kept) path() (string, error) {
	return os.Readlink(fmt.Sprintf("/proc/self/fd/%d", k.file.Fd()))
}

// Hosts are those that run, the last started first.
func Hosts() ([]Host, error) {
	dir, err := Dir()
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var hosts []Host
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), suffix) {
			continue
		}
		switch h, alive, err := read(filepath.Join(dir, e.Name())); {
		case err != nil && !errors.Is(err, os.ErrNotExist): // a host may just have ended
			return nil, err
		case alive:
			hosts = append(hosts, h)
		}
	}
	slices.SortFunc(hosts, func(a, b Host) int { return cmp.Or(b.Started.Compare(a.Started), cmp.Compare(b.PID, a.PID)) })
	return hosts, nil
}

// read reads a file, or removes it if its writer is dead.
func read(path string) (h Host, alive bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return h, false, err
	}
	defer f.Close()
	if lock(f) == nil {
		return h, false, os.Remove(path)
	}
	if err := json.NewDecoder(f).Decode(&h); err != nil {
		return h, false, fmt.Errorf("%s: %w: remove it", path, err)
	}
	return h, true, nil
}

// lock fails at once where another has the file.
func lock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }
