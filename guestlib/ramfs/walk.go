package ramfs

import (
	"strings"
	"syscall"
)

// follow says what to do where the last name of a path is a symbolic link.
type follow uint8

const (
	toName follow = iota // it is the name that matters
	toLink               // the link matters, unless the path ends in a slash
	toEnd                // what the link points at matters
	toFile               // so it does, and it will be a file: a slash at the end is EISDIR
)

// A place is where a path leads.
type place struct {
	in    *Node  // the directory
	name  string // the last name; "." and ".." are names here, and the root's is empty
	node  *Node  // what is there; nil: nothing
	slash bool   // the path ended in a slash
}

// special tells whether the last name is one that can't be made or removed.
func (p *place) special() bool { return p.name == "" || p.name == "." || p.name == ".." }

// walk resolves a path that begins in a directory.
func (f *FS) walk(at *Node, path string, how follow) (place, syscall.Errno) {
	switch {
	case path == "":
		return place{}, syscall.ENOENT
	case len(path) > MaxPath:
		return place{}, syscall.ENAMETOOLONG
	case path[0] == '/':
		at = f.root
	}
	for links := 0; ; {
		if !at.IsDir() {
			return place{}, syscall.ENOTDIR
		}
		path = strings.TrimLeft(path, "/")
		if path == "" {
			return place{in: at, node: at, slash: true}, 0
		}
		name, rest, slash := strings.Cut(path, "/")
		rest = strings.TrimLeft(rest, "/")
		if len(name) > MaxName {
			return place{}, syscall.ENAMETOOLONG
		}
		node := at.child(name)
		isLink, last := node != nil && node.IsLink(), rest == ""
		if last && slash && how == toFile && name != "." && name != ".." {
			return place{}, syscall.EISDIR
		}
		if last && !(isLink && (how >= toEnd || how == toLink && slash)) {
			if slash && how != toName && node != nil && !node.IsDir() {
				return place{}, syscall.ENOTDIR
			}
			return place{at, name, node, slash}, 0
		}
		if node == nil {
			return place{}, syscall.ENOENT
		}
		if !isLink {
			at, path = node, rest
			continue
		}
		if links++; links > maxLinks {
			return place{}, syscall.ELOOP
		}
		if slash {
			path = node.target + "/" + rest
		} else {
			path = node.target
		}
		if path[0] == '/' {
			at = f.root
		}
	}
}

func (n *Node) child(name string) *Node {
	switch name {
	case ".":
		return n
	case "..":
		return n.parent
	}
	if e := n.names[name]; e != nil {
		return e.node
	}
	return nil
}

// find is a node by its path.
func (f *FS) find(at *Node, path string, how follow) (*Node, syscall.Errno) {
	p, err := f.walk(at, path, how)
	if err == 0 && p.node == nil {
		err = syscall.ENOENT
	}
	return p.node, err
}

// Find is the node that a path from a directory leads to. With follow a symbolic link at its end is followed.
func (f *FS) Find(at *Node, path string, follow bool) (*Node, syscall.Errno) {
	f.lock.Lock()
	defer f.lock.Unlock()
	how := toLink
	if follow {
		how = toEnd
	}
	return f.find(at, path, how)
}

// Path is the path of a directory. ENOENT: it was removed.
func (n *Node) Path() (string, syscall.Errno) {
	n.fs.lock.Lock()
	defer n.fs.lock.Unlock()
	path := ""
	for ; n != n.fs.root; n = n.parent {
		name, ok := n.parent.nameOf(n)
		if !ok {
			return "", syscall.ENOENT
		}
		path = "/" + name + path
	}
	if path == "" {
		path = "/"
	}
	return path, 0
}

func (d *dir) nameOf(n *Node) (string, bool) {
	for _, e := range d.order {
		if e.node == n {
			return e.name, true
		}
	}
	return "", false
}
