package ramfs

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// pack is a cpio entry's bytes.
func pack(name string, ino, mode, links int, data string) string {
	b := fmt.Sprintf("070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00",
		ino, mode, 1, 2, links, 1000, len(data), 0, 0, 1, 3, len(name)+1, 0, name)
	return pad(pad(b) + data)
}

func pad(s string) string { return s + "\x00\x00\x00"[:-len(s)&3] }

var trailer = pack("TRAILER!!!", 0, 0, 1, "")

func newTree(t testing.TB, entries ...string) (*FS, error) {
	t.Helper()
	f := New(1<<20, time.Now)
	return f, f.Load([]byte(strings.Join(entries, "") + trailer))
}

// text is a file's content.
func text(t *testing.T, f *FS, path string) string {
	t.Helper()
	n, err := f.Find(f.Root(), path, true)
	require.Zero(t, err, path)
	var b [10000]byte
	return string(b[:n.Read(b[:], 0)])
}

const (
	folder = syscall.S_IFDIR | 0o755
	file   = syscall.S_IFREG | 0o644
	link   = syscall.S_IFLNK | 0o777
)

func TestLoad(t *testing.T) {
	f, err := newTree(t,
		pack(".", 1, syscall.S_IFDIR|0o700, 2, ""),
		pack("a", 2, folder, 2, ""),
		pack("a/b", 3, file, 1, "text"),
		pack("./x/y/z", 4, file, 1, "deep"),
		pack("/to", 5, link, 1, "a/b"),
		pack("null", 6, syscall.S_IFCHR|0o666, 1, ""),
		pack("one", 7, file, 2, ""),
		pack("two", 7, file, 2, "shared"),
		pack("a", 8, syscall.S_IFDIR|0o711, 2, ""),
		pack("x/y/z", 9, file, 1, "again"),
	)
	require.NoError(t, err)
	require.Equal(t, "text", text(t, f, "/to"))
	require.Equal(t, "again", text(t, f, "x/y/z"))
	require.Equal(t, "shared", text(t, f, "one"))
	for path, mode := range map[string]uint32{"/": syscall.S_IFDIR | 0o700, "a": syscall.S_IFDIR | 0o711, "x/y": folder, "a/b": file} {
		n, err := f.Find(f.Root(), path, true)
		require.Zero(t, err)
		require.Equal(t, mode, n.Stat().Mode, path)
	}
	n, _ := f.Find(f.Root(), "null", true)
	require.Equal(t, uint64(0x103), n.Stat().Rdev)
	one, _ := f.Find(f.Root(), "one", true)
	two, _ := f.Find(f.Root(), "two", true)
	require.Same(t, one, two)
	require.Equal(t, uint64(2), one.Stat().Nlink)
	require.Equal(t, syscall.Timespec{Sec: 1000}, one.Stat().Mtim)
}

func TestBadArchive(t *testing.T) {
	for _, test := range []struct {
		name, entries, want string
	}{
		{"out of the tree", pack("a/../../b", 1, file, 1, ""), "cpio: a/../../b: its name leads out of its directory"},
		{"below a file", pack("a", 1, file, 1, "") + pack("a/b", 2, file, 1, ""), "cpio: a/b: a above it is no directory"},
		{"below a link", pack("a", 1, link, 1, "/") + pack("a/b", 2, file, 1, ""), "a above it is no directory"},
		{"long name", pack(strings.Repeat("n", 256), 1, file, 1, ""), "its name is too long"},
		{"no name", pack("/", 1, file, 1, ""), "it has no name"},
		{"empty link", pack("a", 1, link, 1, ""), "it is a link to nowhere"},
		{"link with a zero", pack("a", 1, link, 1, "b\x00"), "it is a link to nowhere"},
		{"a socket", pack("a", 1, syscall.S_IFSOCK, 1, ""), "it is neither"},
		{"instead of a directory", pack("a/b", 1, file, 1, "") + pack("a", 2, file, 1, ""), "not empty"},
		{"twice", pack("a", 1, file, 2, "") + pack("a", 1, file, 2, ""), "twice the same file"},
		{"no archive", strings.Repeat("hello ", 20), "does not begin with 070701"},
		{"too much", strings.Repeat(pack("a", 1, folder, 1, "")+pack(strings.Repeat("a/", 2000), 1, folder, 1, ""), 2), "no space left on device"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := New(100_000, time.Now)
			require.ErrorContains(t, f.Load([]byte(test.entries+trailer)), test.want)
		})
	}
}

// What is written goes into blocks, and the archive stays as it was.
func TestCopyOnWrite(t *testing.T) {
	data := strings.Repeat("0123456789", 1000)
	archive := []byte(pack("a", 1, file, 1, data) + trailer)
	f := New(1<<20, time.Now)
	require.NoError(t, f.Load(archive))
	_, before := f.Usage()
	n, _ := f.Find(f.Root(), "a", true)
	_, _, err := n.Write([]byte("new"), 5000, false)
	require.Zero(t, err)
	_, after := f.Usage()
	require.InDelta(t, 1, before-after, 1)
	require.Equal(t, data[:5000]+"new"+data[5003:], text(t, f, "a"))
	require.Contains(t, string(archive), data)

	require.Zero(t, n.Truncate(5001))
	require.Zero(t, n.Truncate(9000))
	require.Equal(t, data[:5000]+"n"+strings.Repeat("\x00", 3999), text(t, f, "a"))
}

// All that is taken is given back.
func TestSpace(t *testing.T) {
	f, err := newTree(t)
	require.NoError(t, err)
	free := f.free
	for _, open := range []bool{false, true} {
		require.Zero(t, f.Mkdir(f.Root(), "d", 0o755))
		n, errno := f.Open(f.Root(), "d/a", syscall.O_CREAT|syscall.O_WRONLY, 0o644)
		require.Zero(t, errno)
		require.Zero(t, f.Link(n, f.Root(), "b"))
		require.Zero(t, f.Symlink("b", f.Root(), "l"))
		chunk := make([]byte, 100_000)
		for at := int64(0); errno == 0; {
			var end int64
			_, end, errno = n.Write(chunk, at, false)
			at = end
		}
		require.Equal(t, syscall.ENOSPC, errno)
		require.Less(t, f.free, int64(blockCost))
		if !open {
			n.Release()
		}
		require.Zero(t, f.Rename(f.Root(), "d/a", f.Root(), "l", 0))
		require.Zero(t, f.Rmdir(f.Root(), "d"))
		require.Zero(t, f.Unlink(f.Root(), "b"))
		require.Zero(t, f.Unlink(f.Root(), "l"))
		if open {
			require.Less(t, f.free, int64(blockCost)+3*nameCost)
			n.Release()
		}
		require.Equal(t, free, f.free)
	}
	i := 0
	for f.Mkdir(f.Root(), fmt.Sprint(i), 0o755) == 0 {
		i++
	}
	require.Greater(t, i, 1000)
	require.Equal(t, syscall.ENOSPC, f.Mkdir(f.Root(), "more", 0o755))
}

// A file whose only name another entry has taken away is gone, and its memory is not given back twice.
func TestLinkToWhatIsGone(t *testing.T) {
	f := New(1<<20, time.Now)
	free := f.free
	archive := ""
	for range 20 {
		archive += pack("a", 7, file, 2, "gone") + pack("a", 8, link, 1, "b")
	}
	require.NoError(t, f.Load([]byte(archive+pack("b", 7, file, 2, "new")+trailer)))
	require.Equal(t, "new", text(t, f, "a"))
	require.Zero(t, f.Unlink(f.Root(), "a"))
	require.Zero(t, f.Unlink(f.Root(), "b"))
	require.Equal(t, free, f.free)
}

// "x/." is x.
func TestLoadDot(t *testing.T) {
	f, err := newTree(t, pack("x", 1, folder, 2, ""), pack("x/.", 1, syscall.S_IFDIR|0o711, 2, ""))
	require.NoError(t, err)
	x, errno := f.Find(f.Root(), "x", true)
	require.Zero(t, errno)
	require.Equal(t, uint32(syscall.S_IFDIR|0o711), x.Stat().Mode)
	require.Equal(t, uint32(syscall.S_IFDIR|0o755), f.Root().Stat().Mode)
}

// A directory is read on from where it was, whatever comes and goes.
func TestReadDirGoesOn(t *testing.T) {
	f, err := newTree(t)
	require.NoError(t, err)
	for i := range 100 {
		require.Zero(t, f.Mkdir(f.Root(), fmt.Sprint(i), 0o755))
	}
	seen, last := map[string]int{}, int64(0)
	for step := 0; ; step++ {
		n := 0
		require.Zero(t, f.Root().ReadDir(last, func(name Name) bool {
			seen[name.Name]++
			last = name.Number
			n++
			return n < 7
		}))
		if n == 0 {
			break
		}
		for i := range 5 {
			f.Rmdir(f.Root(), fmt.Sprint(5*step+i))
		}
		if step < 10 {
			require.Zero(t, f.Mkdir(f.Root(), fmt.Sprint("new", step), 0o755))
		}
	}
	for name, times := range seen {
		require.Equal(t, 1, times, name)
	}
	require.Equal(t, 1, seen["99"])
}

func TestRemovedDirectory(t *testing.T) {
	f, err := newTree(t)
	require.NoError(t, err)
	require.Zero(t, f.Mkdir(f.Root(), "d", 0o755))
	d, errno := f.Open(f.Root(), "d", 0, 0)
	require.Zero(t, errno)
	require.Zero(t, f.Rmdir(f.Root(), "d"))
	_, errno = f.Open(d, "x", syscall.O_CREAT, 0o644)
	require.Equal(t, syscall.ENOENT, errno)
	_, errno = d.Path()
	require.Equal(t, syscall.ENOENT, errno)
	require.Equal(t, syscall.ENOENT, d.ReadDir(0, func(Name) bool { return true }))
	d.Release()
}

func TestLoops(t *testing.T) {
	f, err := newTree(t)
	require.NoError(t, err)
	require.Zero(t, f.Symlink("b", f.Root(), "a"))
	require.Zero(t, f.Symlink("a", f.Root(), "b"))
	_, errno := f.Find(f.Root(), "a", true)
	require.Equal(t, syscall.ELOOP, errno)
	for i := range 41 {
		require.Zero(t, f.Symlink(fmt.Sprint("l", i+1), f.Root(), fmt.Sprint("l", i)))
	}
	require.Zero(t, f.Mkdir(f.Root(), "l41", 0o755))
	_, errno = f.Find(f.Root(), "l1", true)
	require.Zero(t, errno)
	_, errno = f.Find(f.Root(), "l0", true)
	require.Equal(t, syscall.ELOOP, errno)
}

// Whatever the archive, loading ends, within the memory that there is, and leaves a tree that holds together.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(pack("a", 1, folder, 2, "") + pack("a/b", 2, file, 2, "x") + pack("c", 2, file, 2, "") + trailer))
	f.Add([]byte(pack("a", 1, link, 1, "b") + pack("./a", 2, file, 1, "x") + trailer))
	f.Fuzz(func(t *testing.T, archive []byte) {
		f := New(200_000, time.Now)
		f.Load(archive)
		require.GreaterOrEqual(t, f.free, int64(0))
		require.LessOrEqual(t, f.free, f.size-nodeCost)
		check(t, f.root)
	})
}

func check(t *testing.T, n *Node) {
	links := uint32(2)
	for name, e := range n.names {
		require.NotContains(t, name, "/")
		if e.node.IsDir() {
			links++
			require.Same(t, n, e.node.parent)
			check(t, e.node)
		}
	}
	require.Equal(t, links, n.links)
	require.Equal(t, len(n.order)-n.gone, len(n.names))
}
