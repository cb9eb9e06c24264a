package store

import (
	"bytes"
	"strings"
	"syscall"

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
