package store

import (
	"bytes"
	"strconv"
	"strings"
	"syscall"

	"tuco/control/store/tree"
	"tuco/guestlib/xenbus"
	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

var done = wire.Join("OK")

// A handler answers a kind of request: its texts, each of which ended with a zero, in a transaction or in none.
type handler struct {
	texts int // that there have to be at least
	most  int // and at most
	do    func(c *Client, tx *transaction, texts []string) ([]byte, syscall.Errno)
}

const many = 1 << 16

// handlers are all requests but XS_WRITE, whose value isn't a text.
var handlers = map[uint32]handler{
	hypercall.XS_READ:           {1, 1, (*Client).read},
	hypercall.XS_DIRECTORY:      {1, 1, (*Client).directory},
	hypercall.XS_DIRECTORY_PART: {2, 2, (*Client).directoryPart},
	hypercall.XS_GET_PERMS:      {1, 1, (*Client).perms},
	hypercall.XS_MKDIR:          {1, 1, (*Client).mkdir},
	hypercall.XS_RM:             {1, 1, (*Client).remove},
	hypercall.XS_SET_PERMS:      {2, many, (*Client).setPerms},

	hypercall.XS_WATCH:         {2, 2, (*Client).watch},
	hypercall.XS_UNWATCH:       {2, 2, (*Client).endWatch},
	hypercall.XS_RESET_WATCHES: {0, many, (*Client).reset},

	hypercall.XS_TRANSACTION_START: {0, many, (*Client).begin},
	hypercall.XS_TRANSACTION_END:   {1, 1, (*Client).end},

	hypercall.XS_GET_DOMAIN_PATH:      {1, 1, (*Client).domainPath},
	hypercall.XS_IS_DOMAIN_INTRODUCED: {1, 1, (*Client).isIntroduced},
	hypercall.XS_INTRODUCE:            {3, many, (*Client).introduce},
	hypercall.XS_RELEASE:              {1, 1, (*Client).release},
	hypercall.XS_RESUME:               {1, 1, (*Client).resume},
	hypercall.XS_SET_TARGET:           {2, 2, (*Client).setTarget},
	hypercall.XS_CONTROL:              {1, many, (*Client).control},
}

func (c *Client) answer(m wire.Message) ([]byte, syscall.Errno) {
	if c.closed {
		return nil, syscall.EIO
	}
	h, known := handlers[m.Type]
	if !known && m.Type != hypercall.XS_WRITE {
		return nil, syscall.ENOSYS
	}
	var tx *transaction
	if m.Tx != 0 {
		if tx = c.transactions[m.Tx]; tx == nil {
			return nil, syscall.ENOENT
		}
	}
	if m.Type == hypercall.XS_WRITE {
		path, value, ok := bytes.Cut(m.Body, []byte{0})
		if !ok {
			return nil, syscall.EINVAL
		}
		return c.change(tx, op{kind: hypercall.XS_WRITE, path: string(path), value: string(value)})
	}
	texts, ok := split(m.Body)
	if !ok || len(texts) < h.texts || len(texts) > h.most {
		return nil, syscall.EINVAL
	}
	return h.do(c, tx, texts)
}

// split is the texts of a message, which end with a zero each.
func split(body []byte) (texts []string, ok bool) {
	if len(body) == 0 {
		return nil, true
	}
	if body[len(body)-1] != 0 {
		return nil, false
	}
	return strings.Split(string(body[:len(body)-1]), "\x00"), true
}

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
