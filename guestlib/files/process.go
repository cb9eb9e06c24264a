package files

import (
	"sync"
	"syscall"

	"tuco/guestlib/ramfs"
)

// A process is what Linux keeps for one: its descriptors, its working directory, its umask.
type process struct {
	fs      *ramfs.FS
	numbers numbers

	lock  sync.RWMutex
	table []entry // by number
	cwd   *ramfs.Node
	umask uint32
	pipes map[*ramfs.Node]*pipe // named ones that are open
}

// An entry is a descriptor; several may have one file.
type entry struct {
	file        *file
	closeOnExec bool
}

// A file is what open makes: Linux calls it an open file description.
type file struct {
	node *ramfs.Node // nil for what has no name
	object
	access int  // how it was opened: O_RDONLY, O_WRONLY, O_RDWR, oPath
	refs   int  // descriptors; the process' lock guards it
	gone   bool // there were some, and are none any more; guarded so too

	lock   sync.Mutex
	flags  int // of open and F_SETFL
	offset int64
}

// An object is what a file reads and writes.
type object interface {
	read(f *file, to []byte, at int64) (int, syscall.Errno)
	// write returns where the next write would be, too.
	write(f *file, from []byte, at int64, atEnd bool) (n int, end int64, err syscall.Errno)
	// seekable tells whether an offset means something.
	seekable() bool
	// polled tells whether goroutines wait for it in the poller; opened and closed tell it of the numbers that it has.
	polled() bool
	opened(number int)
	closed(number int)
	// end is when the last number is gone.
	end(f *file)
}

// numbers hands out the numbers of descriptors.
type numbers interface {
	// open is a number from some number on, or exactly that.
	open(from int, exact, polled bool) (int, syscall.Errno)
	close(number int)
	// raise and lower say what a polled number is ready for.
	raise(number int, bits uint32)
	lower(number int, bits uint32)
}

func newProcess(fs *ramfs.FS, n numbers) *process {
	fs.Root().Hold()
	return &process{fs: fs, numbers: n, cwd: fs.Root(), umask: 0o022, pipes: map[*ramfs.Node]*pipe{}}
}

// find is the file of a descriptor, or nil if it is none of ours.
func (p *process) find(number int) *file {
	p.lock.RLock()
	defer p.lock.RUnlock()
	if number < 0 || number >= len(p.table) {
		return nil
	}
	return p.table[number].file
}

// add gives a file a descriptor, from some number on or exactly that.
func (p *process) add(f *file, from int, exact, closeOnExec bool) (int, syscall.Errno) {
	number, err := from, syscall.Errno(0)
	if exact {
		if p.find(number) != nil || number > stderr {
			syscall.Close(number) // whosever it is
		}
	}
	if !exact || number > stderr {
		if number, err = p.numbers.open(from, exact, f.polled()); err != 0 {
			return 0, err
		}
	}
	p.lock.Lock()
	if f.gone { // who asks for a further number has seen the file before the last one was closed
		p.lock.Unlock()
		if number > stderr {
			p.numbers.close(number)
		}
		return 0, syscall.EBADF
	}
	for number >= len(p.table) {
		p.table = append(p.table, entry{})
	}
	p.table[number] = entry{f, closeOnExec}
	f.refs++
	p.lock.Unlock()
	f.opened(number)
	return number, 0
}

// remove takes a descriptor away. EBADF: it is none of ours.
func (p *process) remove(number int) syscall.Errno {
	p.lock.Lock()
	if number < 0 || number >= len(p.table) || p.table[number].file == nil {
		p.lock.Unlock()
		return syscall.EBADF
	}
	f := p.table[number].file
	p.table[number] = entry{}
	f.refs--
	last := f.refs == 0
	f.gone = last
	p.lock.Unlock()
	f.closed(number)
	if number > stderr {
		p.numbers.close(number)
	}
	if last {
		f.drop()
	}
	return 0
}

// drop is the end of a file that has no descriptor.
func (f *file) drop() {
	f.end(f)
	if f.node != nil {
		f.node.Release()
	}
}

// The standard descriptors. They are the console's, below, unless dup2 has put a file there.
const (
	stdin = iota
	stdout
	stderr
)

// newFile is a file that was opened with some flags of open.
func newFile(n *ramfs.Node, o object, flags int) *file {
	access := flags & syscall.O_ACCMODE
	if flags&oPath != 0 {
		access = oPath
		flags &= oPath | syscall.O_DIRECTORY | syscall.O_NOFOLLOW
	}
	const once = syscall.O_CREAT | syscall.O_EXCL | syscall.O_TRUNC | syscall.O_CLOEXEC | syscall.O_NOCTTY
	return &file{node: n, object: o, access: access, flags: flags &^ once}
}

func (f *file) readable() bool { return f.access == syscall.O_RDONLY || f.access == syscall.O_RDWR }

func (f *file) writable() bool { return f.access == syscall.O_WRONLY || f.access == syscall.O_RDWR }

const oPath = 0x20_0000

func (f *file) status() int {
	f.lock.Lock()
	defer f.lock.Unlock()
	return f.flags
}
