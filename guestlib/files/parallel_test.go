package files

import (
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// removeAll removes what is in a directory, whose path may be too long to be named.
func (p ours) removeAll(t *testing.T, in int, dir string) {
	r, errno := p.call(syscall.SYS_OPENAT, in, dir, syscall.O_RDONLY, 0)
	require.Zero(t, errno)
	fd := int(r)
	defer p.call(syscall.SYS_CLOSE, fd)
	for {
		var to [1000]byte
		n, errno := p.call(syscall.SYS_GETDENTS64, fd, to[:], len(to))
		require.Zero(t, errno)
		if n == 0 {
			return
		}
		for rest := to[:n]; len(rest) > 0; rest = rest[binary.LittleEndian.Uint16(rest[16:]):] {
			name, _, _ := strings.Cut(string(rest[19:]), "\x00")
			if name == "." || name == ".." {
				continue
			}
			flags := 0
			if rest[18] == syscall.DT_DIR {
				p.removeAll(t, fd, name)
				flags = removeDir
			}
			_, errno = p.call(syscall.SYS_UNLINKAT, fd, name, flags)
			require.Zero(t, errno, name)
		}
	}
}

// Many goroutines make calls at once; when all is closed and removed, nothing is left.
func TestParallel(t *testing.T) {
	p := newOurs(t)
	_, errno := p.call(syscall.SYS_MKDIRAT, here, "/base", 0o755)
	require.Zero(t, errno)
	_, errno = p.call(syscall.SYS_CHDIR, "/base")
	require.Zero(t, errno)
	_, before := p.fs.Usage()
	var all sync.WaitGroup
	for seed := range uint64(8) {
		all.Go(func() {
			r := rand.New(rand.NewPCG(seed, 1))
			var open []int
			for range 3000 {
				p.something(r, &open)
			}
			for _, fd := range open {
				p.call(syscall.SYS_CLOSE, fd)
			}
		})
	}
	all.Wait()
	_, errno = p.call(syscall.SYS_CHDIR, "/base")
	require.Zero(t, errno)
	p.removeAll(t, here, "/base")
	_, after := p.fs.Usage()
	require.Equal(t, before, after)
	require.Empty(t, p.numbers.(*hostNumbers).taken)
	require.Empty(t, p.pipes)
}

// something makes a call that does not wait.
func (p ours) something(r *rand.Rand, open *[]int) {
	var b [3000]byte
	var s syscall.Stat_t
	keep := func(fd uintptr, errno syscall.Errno) {
		if errno == 0 {
			*open = append(*open, int(fd))
		}
	}
	kind, fd := r.IntN(16), 0
	if len(*open) > 0 {
		fd = (*open)[r.IntN(len(*open))]
	} else if kind > 7 {
		kind = 0 // the descriptor would be standard input
	}
	switch kind {
	case 0:
		keep(p.call(syscall.SYS_OPENAT, here, path(r), syscall.O_RDWR|syscall.O_CREAT|syscall.O_NONBLOCK, 0o644))
	case 1:
		keep(p.call(syscall.SYS_OPENAT, here, path(r), syscall.O_RDONLY|syscall.O_NONBLOCK, 0))
	case 2:
		p.call(syscall.SYS_MKDIRAT, here, path(r), 0o755)
	case 3:
		p.call(sysRenameat2, here, path(r), here, path(r), 0)
	case 4:
		p.call(syscall.SYS_UNLINKAT, here, path(r), r.IntN(2)*removeDir)
	case 5:
		p.call(syscall.SYS_LINKAT, here, path(r), here, path(r), 0)
	case 6:
		p.call(syscall.SYS_SYMLINKAT, "a/b", here, path(r))
	case 7:
		p.call(syscall.SYS_MKNODAT, here, path(r), syscall.S_IFIFO|0o600, 0)
	case 8:
		p.call(syscall.SYS_READ, fd, b[:], len(b))
	case 9, 10:
		p.call(syscall.SYS_WRITE, fd, b[:], len(b))
	case 11:
		p.call(syscall.SYS_FSTAT, fd, &s)
		p.call(syscall.SYS_GETDENTS64, fd, b[:], len(b))
	case 12:
		if len(*open) < 20 {
			keep(p.call(syscall.SYS_DUP, fd))
		}
	case 13:
		p.call(syscall.SYS_CHDIR, path(r))
		p.call(syscall.SYS_GETCWD, b[:], len(b))
	case 14:
		p.call(syscall.SYS_FTRUNCATE, fd, r.IntN(20000))
	case 15:
		i := r.IntN(len(*open))
		p.call(syscall.SYS_CLOSE, (*open)[i])
		*open = append((*open)[:i], (*open)[i+1:]...)
	}
}
