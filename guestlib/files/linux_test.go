package files

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"tuco/guestlib/calls"
)

// hostNumbers hands out numbers as the library would.
type hostNumbers struct {
	lock  sync.Mutex
	taken map[int]bool
	ready map[int]uint32
}

func newHostNumbers() *hostNumbers {
	return &hostNumbers{taken: map[int]bool{}, ready: map[int]uint32{}}
}

func (h *hostNumbers) open(from int, exact, polled bool) (int, syscall.Errno) {
	h.lock.Lock()
	defer h.lock.Unlock()
	n := max(from, stderr+1)
	for !exact && h.taken[n] {
		n++
	}
	if n >= 1024 {
		return 0, syscall.EMFILE
	}
	h.taken[n] = true
	return n, 0
}

func (h *hostNumbers) close(number int) {
	h.lock.Lock()
	defer h.lock.Unlock()
	delete(h.taken, number)
	delete(h.ready, number)
}

func (h *hostNumbers) raise(number int, bits uint32) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.ready[number] |= bits
}

func (h *hostNumbers) lower(number int, bits uint32) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.ready[number] &^= bits
}

// A kernel makes system calls: Linux, or a process of ours.
type kernel interface {
	call(number uintptr, args ...any) (uintptr, syscall.Errno)
}

// arguments makes what a system call takes of strings, buffers and numbers, and keeps all of it where it is.
func arguments(args []any) (numbers [6]uintptr, keep []any) {
	for i, a := range args {
		switch a := a.(type) {
		case int:
			numbers[i] = uintptr(a)
		case string:
			b := append([]byte(a), 0)
			numbers[i], keep = uintptr(unsafe.Pointer(&b[0])), append(keep, b)
		case []byte:
			numbers[i], keep = uintptr(unsafe.Pointer(unsafe.SliceData(a))), append(keep, a)
		case *syscall.Stat_t:
			numbers[i], keep = uintptr(unsafe.Pointer(a)), append(keep, a)
		default:
			panic(fmt.Sprintf("%T", a))
		}
	}
	return numbers, keep
}

type linux struct{}

func (linux) call(number uintptr, args ...any) (uintptr, syscall.Errno) {
	n, keep := arguments(args)
	r, _, err := syscall.Syscall6(number, n[0], n[1], n[2], n[3], n[4], n[5])
	runtime.KeepAlive(keep)
	return r, err
}

type ours struct{ *process }

func newOurs(t testing.TB) ours {
	fs, err := newTree(64<<20, nil)
	require.NoError(t, err)
	return ours{newProcess(fs, newHostNumbers())}
}

func (p ours) call(number uintptr, args ...any) (r uintptr, err syscall.Errno) {
	n, keep := arguments(args)
	r, err, _ = p.answer(calls.Call{Number: number, Args: n})
	runtime.KeepAlive(keep)
	return r, err
}

// both makes each call in both kernels, and compares what comes of it.
type both struct {
	t       *testing.T
	kernels [2]kernel
	dir     [2]int // descriptors of the directory where everything happens
	open    [2][]int
	log     []string
}

func newBoth(t *testing.T) *both {
	b := &both{t: t, kernels: [2]kernel{linux{}, newOurs(t)}}
	base := filepath.Join(t.TempDir(), "base")
	require.NoError(t, os.Mkdir(base, 0o755))
	fd, err := syscall.Open(base, syscall.O_RDONLY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { syscall.Close(fd) })
	b.dir[0] = fd
	mine := b.kernels[1]
	for _, dir := range []string{"/t", "/t/base"} {
		_, errno := mine.call(syscall.SYS_MKDIRAT, here, dir, 0o755)
		require.Zero(t, errno)
	}
	r, errno := mine.call(syscall.SYS_OPENAT, here, "/t/base", syscall.O_RDONLY, 0)
	require.Zero(t, errno)
	b.dir[1] = int(r)
	t.Cleanup(func() {
		for _, n := range b.open[0] {
			syscall.Close(n)
		}
	})
	return b
}

// at stands for the directory, and a file for one that is open.
type at struct{}
type opened int

// do makes a call. It returns what it gave on each side.
func (b *both) do(name string, number uintptr, args ...any) (r [2]uintptr, ok bool) {
	line := name
	for _, a := range args {
		switch a := a.(type) {
		case string:
			line += fmt.Sprintf(" %.40q", a)
		case int:
			line += fmt.Sprintf(" %#o", a)
		case at, opened:
			line += fmt.Sprintf(" %v", a)
		}
	}
	b.log = append(b.log, line)
	var errs [2]syscall.Errno
	for side, k := range b.kernels {
		real := slices.Clone(args)
		for i, a := range real {
			switch a := a.(type) {
			case at:
				real[i] = b.dir[side]
			case opened:
				real[i] = b.open[side][a]
			case [2][]byte:
				real[i] = a[side]
			case [2]*syscall.Stat_t:
				real[i] = a[side]
			}
		}
		r[side], errs[side] = k.call(number, real...)
	}
	if errs[0] != errs[1] {
		b.fail("Linux says %v, we say %v", errs[0], errs[1])
	}
	return r, errs[0] == 0
}

func (b *both) fail(format string, args ...any) {
	b.t.Helper()
	b.t.Fatalf("%s\n%s", fmt.Sprintf(format, args...), strings.Join(b.log[max(0, len(b.log)-25):], "\n"))
}

func (b *both) same(what string, v [2]any) {
	b.t.Helper()
	if v[0] != v[1] {
		b.fail("%s: Linux says %v, we say %v", what, v[0], v[1])
	}
}

var long = strings.Repeat("n", 256)

// path is a path in the directory, of few names.
func path(r *rand.Rand) string {
	if r.IntN(20) == 0 {
		return long
	}
	return shortPath(r)
}

// shortPath has no name that is too long. Which of two faults of a call with two paths is told differs between versions of Linux.
func shortPath(r *rand.Rand) string {
	parts := []string{"a", "b", "c", "d", "a", "b", "c", ".", "", long[:255]}
	p := parts[r.IntN(len(parts))]
	for r.IntN(3) == 0 {
		p += "/" + append(parts, "..")[r.IntN(len(parts)+1)]
	}
	if strings.HasPrefix(p, "/") {
		p = "." + p
	}
	if strings.HasPrefix(filepath.Clean(p), "..") {
		return "a/.."
	}
	return p
}

func (b *both) step(r *rand.Rand) {
	kind := r.IntN(20)
	if kind >= 9 && len(b.open[0]) == 0 || kind < 5 && len(b.open[0]) < 8 {
		kind = 0
	}
	f := func() opened { return opened(r.IntN(len(b.open[0]))) }
	buffer := func() [2][]byte { n := r.IntN(9000); return [2][]byte{make([]byte, n), make([]byte, n)} }
	switch kind {
	case 0, 1, 2:
		flags := 0
		for _, f := range []int{syscall.O_WRONLY, syscall.O_RDWR, syscall.O_CREAT, syscall.O_CREAT, syscall.O_EXCL, syscall.O_TRUNC,
			syscall.O_APPEND, syscall.O_DIRECTORY, syscall.O_NOFOLLOW, oPath} {
			if r.IntN(4) == 0 {
				flags |= f
			}
		}
		if flags&syscall.O_ACCMODE == syscall.O_ACCMODE {
			flags &^= syscall.O_WRONLY
		}
		fds, ok := b.do("open", syscall.SYS_OPENAT, at{}, path(r), flags|syscall.O_CLOEXEC, 0o640)
		if ok {
			for side := range fds {
				b.open[side] = append(b.open[side], int(fds[side]))
			}
			b.stat(opened(len(b.open[0]) - 1))
		}
	case 3:
		if r.IntN(3) == 0 {
			b.do("mknod", syscall.SYS_MKNODAT, at{}, path(r), syscall.S_IFSOCK|0o640, 0)
		} else {
			b.do("mkdir", syscall.SYS_MKDIRAT, at{}, path(r), 0o750)
		}
	case 4:
		targets := []string{"a", "b", "c", "../base/d", "a/b", "./", "nowhere/x", "b/", long}
		b.do("symlink", syscall.SYS_SYMLINKAT, targets[r.IntN(len(targets))], at{}, path(r))
	case 5:
		b.do("link", syscall.SYS_LINKAT, at{}, shortPath(r), at{}, shortPath(r), r.IntN(2)*followLink)
	case 6:
		b.do("unlink", syscall.SYS_UNLINKAT, at{}, path(r), r.IntN(2)*removeDir)
	case 7, 8:
		b.do("rename", sysRenameat2, at{}, shortPath(r), at{}, shortPath(r), r.IntN(2))
	case 9:
		s := [2]*syscall.Stat_t{{}, {}}
		if _, ok := b.do("stat", syscall.SYS_NEWFSTATAT, at{}, path(r), s, r.IntN(2)*noFollow); ok {
			b.compare(s)
		}
	case 10:
		to := buffer()
		if n, ok := b.do("readlink", syscall.SYS_READLINKAT, at{}, path(r), to, len(to[0])); ok {
			b.same("target", [2]any{string(to[0][:n[0]]), string(to[1][:n[1]])})
		}
	case 11, 12:
		data := buffer()
		for i := range data[0] {
			data[0][i] = byte(r.Int())
		}
		data[1] = data[0]
		if n, ok := b.do("write", syscall.SYS_WRITE, f(), data, len(data[0])); ok {
			b.same("written", [2]any{n[0], n[1]})
		}
	case 13:
		data := buffer()
		if n, ok := b.do("pwrite", syscall.SYS_PWRITE64, f(), data, len(data[0]), r.IntN(20000)-100); ok {
			b.same("written", [2]any{n[0], n[1]})
		}
	case 14, 15:
		to := buffer()
		var n [2]uintptr
		var ok bool
		file := f()
		s := [2]*syscall.Stat_t{{}, {}}
		b.do("fstat", syscall.SYS_FSTAT, file, s)
		if kind == 14 && s[0].Mode&syscall.S_IFMT == syscall.S_IFREG { // the offset of directories differs
			n, ok = b.do("read", syscall.SYS_READ, file, to, len(to[0]))
		} else {
			n, ok = b.do("pread", syscall.SYS_PREAD64, file, to, len(to[0]), r.IntN(20000)-100)
		}
		if ok {
			b.same("read", [2]any{string(to[0][:n[0]]), string(to[1][:n[1]])})
		}
	case 16:
		file := f()
		s := [2]*syscall.Stat_t{{}, {}}
		b.do("fstat", syscall.SYS_FSTAT, file, s)
		if s[0].Mode&syscall.S_IFMT == syscall.S_IFREG {
			if n, ok := b.do("seek", syscall.SYS_LSEEK, file, r.IntN(20000)-2000, []int{0, 1, 2, 9}[r.IntN(4)]); ok {
				b.same("offset", [2]any{n[0], n[1]})
			}
		}
	case 17:
		file := f()
		b.do("truncate", syscall.SYS_FTRUNCATE, file, r.IntN(20000)-100)
		b.stat(file)
	case 18:
		b.list(f())
	case 19:
		i := r.IntN(len(b.open[0]))
		b.do("close", syscall.SYS_CLOSE, opened(i))
		for side := range b.open {
			b.open[side] = slices.Delete(b.open[side], i, i+1)
		}
	}
}

func (b *both) stat(file opened) {
	s := [2]*syscall.Stat_t{{}, {}}
	if _, ok := b.do("fstat", syscall.SYS_FSTAT, file, s); ok {
		b.compare(s)
	}
	flags, _ := b.do("flags", syscall.SYS_FCNTL, file, syscall.F_GETFL, 0)
	const large = 0x8000
	b.same("flags", [2]any{flags[0] &^ large, flags[1] &^ large})
}

func (b *both) compare(s [2]*syscall.Stat_t) {
	b.same("mode", [2]any{s[0].Mode, s[1].Mode})
	if s[0].Mode&syscall.S_IFMT != syscall.S_IFDIR {
		b.same("size", [2]any{s[0].Size, s[1].Size})
		b.same("links", [2]any{s[0].Nlink, s[1].Nlink})
	}
}

// list compares the names in a directory.
func (b *both) list(file opened) {
	var names [2]any
	b.do("rewind", syscall.SYS_LSEEK, file, 0, 0)
	var all [2][]string
	for {
		to := [2][]byte{make([]byte, 1000), make([]byte, 1000)}
		n, ok := b.do("list", syscall.SYS_GETDENTS64, file, to, 1000)
		if !ok || n[0] == 0 && n[1] == 0 {
			break
		}
		for side := range to {
			for rest := to[side][:n[side]]; len(rest) > 0; {
				size := binary.LittleEndian.Uint16(rest[16:])
				name, _, _ := strings.Cut(string(rest[19:size]), "\x00")
				all[side] = append(all[side], fmt.Sprint(name, rest[18]))
				rest = rest[size:]
			}
		}
	}
	for side := range all {
		slices.Sort(all[side])
		names[side] = strings.Join(all[side], " ")
	}
	b.same("names", names)
}

// Long random sequences of calls have the same results as on Linux.
func TestAsLinux(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("compares with Linux")
	}
	steps := 20000
	if testing.Short() {
		steps = 4000
	}
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			b, r := newBoth(t), rand.New(rand.NewPCG(seed, 0))
			for range steps {
				b.step(r)
			}
		})
	}
}

// A file that is closed while somebody duplicates its descriptor does not come back.
func TestDuplicateOfClosed(t *testing.T) {
	p := newOurs(t)
	number, err := p.open(p.fs.Root(), "/tmp/file", syscall.O_CREAT|syscall.O_RDWR, 0o644)
	require.Zero(t, err)
	require.Zero(t, p.fs.Unlink(p.fs.Root(), "/tmp/file"))
	f := p.find(number)
	require.Zero(t, p.remove(number))
	_, free := p.fs.Usage()
	_, err = p.add(f, 0, false, false)
	require.Equal(t, syscall.EBADF, err)
	_, after := p.fs.Usage()
	require.Equal(t, free, after)
	require.Empty(t, p.numbers.(*hostNumbers).taken, "its number is free again")
}

// Files may be opened while the umask changes.
func TestUmaskMeanwhile(t *testing.T) {
	p := newOurs(t)
	var changing sync.WaitGroup
	changing.Go(func() {
		for mask := range 100 {
			p.call(syscall.SYS_UMASK, mask)
		}
	})
	for range 100 {
		number, err := p.open(p.fs.Root(), "/tmp/file", syscall.O_CREAT|syscall.O_RDWR, 0o644)
		require.Zero(t, err)
		require.Zero(t, p.remove(number))
	}
	changing.Wait()
}

// The console's descriptors can be duplicated in every way.
func TestDuplicateOfConsole(t *testing.T) {
	p := newOurs(t)
	for want, cmd := range []int{syscall.F_DUPFD, syscall.F_DUPFD_CLOEXEC} {
		number, err := p.call(syscall.SYS_FCNTL, stdout, cmd, 0)
		require.Zero(t, err)
		require.Equal(t, stderr+1+want, int(number))
		require.Equal(t, object(console{}), p.find(int(number)).object)
	}
	_, _, own := p.answer(calls.Call{Number: syscall.SYS_FCNTL, Args: [6]uintptr{stdout, syscall.F_GETFD}})
	require.False(t, own, "the library below knows")
}

// A directory that is removed while somebody enters it is gone, and its memory is not given back twice.
func TestEnterWhatIsGone(t *testing.T) {
	p := newOurs(t)
	require.Zero(t, p.fs.Mkdir(p.fs.Root(), "/tmp/d", 0o755))
	d, err := p.fs.Find(p.fs.Root(), "/tmp/d", true)
	require.Zero(t, err)
	require.Zero(t, p.fs.Rmdir(p.fs.Root(), "/tmp/d"))
	require.Equal(t, syscall.ENOENT, p.enter(d))
	require.Same(t, p.fs.Root(), p.cwd)
}

// A reader gets what is in a pipe, though it has room for more.
func TestReadvOfPipe(t *testing.T) {
	p := newOurs(t)
	numbers, err := p.pipe(0)
	require.Zero(t, err)
	_, err = p.call(syscall.SYS_WRITE, numbers[in], []byte("abc"), 3)
	require.Zero(t, err)
	first, second := new([3]byte), new([3]byte)
	parts := &[2]syscall.Iovec{{Base: &first[0], Len: 3}, {Base: &second[0], Len: 3}}
	result := make(chan uintptr, 1)
	go func() {
		n, _ := p.readv(p.find(numbers[out]), calls.Call{Args: [6]uintptr{0, uintptr(unsafe.Pointer(parts)), 2}})
		runtime.KeepAlive(parts)
		result <- n
	}()
	select {
	case n := <-result:
		require.Equal(t, 3, int(n))
		require.Equal(t, "abc", string(first[:]))
	case <-time.After(time.Minute):
		t.Fatal("it waits for more")
	}
}
