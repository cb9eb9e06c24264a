package store

import (
	"bytes"
	"strconv"
	"syscall"

	"tuco/control/store/tree"
	"tuco/guestlib/xenbus"
	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

// look is a node that is read.
func (c *Client) look(tx *transaction, text string, listed bool) (*tree.Node, syscall.Errno) {
	path, errno := c.absolute(text)
	if errno != 0 {
		return nil, errno
	}
	root := c.store.root
	if tx != nil {
		if errno := tx.note(path, listed); errno != 0 {
			return nil, errno
		}
		root = tx.root
	}
	return find(root, c, path, false)
}

func (c *Client) read(tx *transaction, texts []string) ([]byte, syscall.Errno) {
	n, errno := c.look(tx, texts[0], false)
	if errno != 0 {
		return nil, errno
	}
	return []byte(n.Value), 0
}

func (c *Client) perms(tx *transaction, texts []string) ([]byte, syscall.Errno) {
	perms, special := c.store.special[texts[0]]
	if special && !c.privileged() {
		return nil, syscall.EACCES
	}
	if !special {
		n, errno := c.look(tx, texts[0], false)
		if errno != 0 {
			return nil, errno
		}
		perms = n.Perms
	}
	var body []byte
	for _, p := range perms {
		body = append(append(body, p.String()...), 0)
	}
	return body, 0
}

// directory lists children. E2BIG: in parts only.
func (c *Client) directory(tx *transaction, texts []string) ([]byte, syscall.Errno) {
	n, errno := c.look(tx, texts[0], true)
	switch {
	case errno != 0:
		return nil, errno
	case n.Listing() > hypercall.XENSTORE_PAYLOAD_MAX:
		return nil, syscall.E2BIG
	}
	return n.Names(nil, 0, n.Listing()), 0
}

// directoryPart lists some of the children, from some byte of the list on, behind a number that is another when the directory has
// changed. Behind the last child there is an empty name.
func (c *Client) directoryPart(tx *transaction, texts []string) ([]byte, syscall.Errno) {
	n, errno := c.look(tx, texts[0], true)
	if errno != 0 {
		return nil, errno
	}
	from, err := strconv.ParseUint(texts[1], 10, 32)
	if err != nil {
		return nil, syscall.EINVAL
	}
	part := wire.Join(strconv.FormatUint(n.List, 10))
	head, room := len(part), hypercall.XENSTORE_PAYLOAD_MAX-len(part)-1
	part = n.Names(part, int(from), int(from)+room)
	if int(from)+len(part)-head >= n.Listing() {
		return append(part, 0), 0
	}
	return part[:bytes.LastIndexByte(part, 0)+1], 0
}

func (c *Client) mkdir(tx *transaction, texts []string) ([]byte, syscall.Errno) {
	return c.change(tx, op{kind: hypercall.XS_MKDIR, path: texts[0]})
}

func (c *Client) remove(tx *transaction, texts []string) ([]byte, syscall.Errno) {
	return c.change(tx, op{kind: hypercall.XS_RM, path: texts[0]})
}

func (c *Client) setPerms(tx *transaction, texts []string) ([]byte, syscall.Errno) {
	var perms tree.Perms
	for _, text := range texts[1:] {
		p, err := xenbus.ParsePerm(text)
		if err != nil {
			return nil, syscall.EINVAL
		}
		perms = append(perms, p)
	}
	if _, special := c.store.special[texts[0]]; special {
		if !c.privileged() {
			return nil, syscall.EACCES
		}
		c.store.special[texts[0]] = perms
		return done, 0
	}
	return c.change(tx, op{kind: hypercall.XS_SET_PERMS, path: texts[0], perms: perms})
}

// change makes a change of the store, or of a transaction's.
func (c *Client) change(tx *transaction, o op) ([]byte, syscall.Errno) {
	path, errno := c.absolute(o.path)
	if errno != 0 {
		return nil, errno
	}
	o.path = path
	if tx != nil {
		errno = tx.change(o)
	} else {
		errno = c.store.change(c, o)
	}
	if errno != 0 {
		return nil, errno
	}
	return done, 0
}
