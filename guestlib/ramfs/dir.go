package ramfs

import (
	"slices"
	"syscall"
)

// dir is a directory's names. Each has a number, by which reading goes on: it is larger than those of all names that were
// there before it, so names that come and go meanwhile neither hide others nor show them twice.
type dir struct {
	names map[string]*entry
	order []*entry // by number; their nodes are nil where a name is gone
	last  int64
	gone  int
}

type entry struct {
	name   string
	node   *Node
	number int64
}

// firstNumber is above the numbers of "." and "..".
const firstNumber = 3

// nameCost is what a name counts for.
const nameCost = 384

// add gives a node a name in the directory. Who calls has taken nameCost for it.
func (d *dir) add(name string, n *Node) {
	if d.names == nil {
		d.names, d.last = map[string]*entry{}, max(d.last, firstNumber-1)
	}
	d.last++
	e := &entry{name, n, d.last}
	d.names[name] = e
	d.order = append(d.order, e)
}

// find is where in the order the first entry stands whose number is at least this.
func (d *dir) find(number int64) int {
	i, _ := slices.BinarySearchFunc(d.order, number, func(e *entry, number int64) int { return int(e.number - number) })
	return i
}

func (d *dir) remove(name string) {
	e := d.names[name]
	delete(d.names, name)
	e.node = nil
	if d.gone++; d.gone > len(d.order)/2 {
		d.order = slices.DeleteFunc(d.order, func(e *entry) bool { return e.node == nil })
		d.gone = 0
	}
}

// A Name is an entry of a directory.
type Name struct {
	Name   string
	Ino    uint64
	Kind   uint8 // DT_DIR and so on
	Number int64 // reading goes on from here
}

// ReadDir calls tell for each name behind the one with a number, until it returns false; 0 is before the first. ENOENT: the
// directory was removed.
func (n *Node) ReadDir(behind int64, tell func(Name) bool) syscall.Errno {
	n.fs.lock.Lock()
	defer n.fs.lock.Unlock()
	if n.links == 0 {
		return syscall.ENOENT
	}
	if behind < 1 && !tell(Name{".", n.ino, syscall.DT_DIR, 1}) {
		return 0
	}
	if behind < 2 && !tell(Name{"..", n.parent.ino, syscall.DT_DIR, 2}) {
		return 0
	}
	for _, e := range n.order[n.find(behind+1):] {
		if e.node != nil && !tell(Name{e.name, e.node.ino, uint8(e.node.kind() >> 12), e.number}) {
			return 0
		}
	}
	return 0
}
