package store

import (
	"strconv"
	"syscall"

	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

// parseDomain is a domain's number.
func parseDomain(text string) (hypercall.DomID, syscall.Errno) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || hypercall.DomID(n) >= hypercall.DOMID_FIRST_RESERVED {
		return 0, syscall.EINVAL
	}
	return hypercall.DomID(n), 0
}

func (c *Client) domainPath(_ *transaction, texts []string) ([]byte, syscall.Errno) {
	id, errno := parseDomain(texts[0])
	return wire.Join(Home(id)), errno
}

func (c *Client) isIntroduced(_ *transaction, texts []string) ([]byte, syscall.Errno) {
	id, errno := parseDomain(texts[0])
	if errno == 0 && c.store.Introduced(id) {
		return wire.Join("T"), 0
	}
	return wire.Join("F"), errno
}

// managed is the domain of a request that is domain 0's alone, and for other domains than that.
func (c *Client) managed(text string) (hypercall.DomID, syscall.Errno) {
	if !c.privileged() {
		return 0, syscall.EACCES
	}
	id, errno := parseDomain(text)
	if errno == 0 && id == 0 {
		return 0, syscall.EINVAL
	}
	return id, errno
}

func (c *Client) introduce(_ *transaction, texts []string) ([]byte, syscall.Errno) {
	id, errno := c.managed(texts[0])
	if errno != 0 {
		return nil, errno
	}
	frame, err := strconv.ParseUint(texts[1], 10, 64)
	if err != nil {
		return nil, syscall.EINVAL
	}
	port, err := strconv.ParseUint(texts[2], 10, 32)
	if err != nil {
		return nil, syscall.EINVAL
	}
	if c.store.host == nil {
		return nil, syscall.ENOSYS
	}
	if err := c.store.host.Connect(id, frame, uint32(port)); err != nil {
		c.store.log.Warn("a domain can't be connected to the store", "domain", id, "frame", frame, "port", port, "error", err)
		return nil, syscall.EINVAL
	}
	c.store.Introduce(id)
	return done, 0
}

func (c *Client) release(_ *transaction, texts []string) ([]byte, syscall.Errno) {
	id, errno := c.managed(texts[0])
	switch {
	case errno != 0:
		return nil, errno
	case !c.store.Introduced(id):
		return nil, syscall.ENOENT
	}
	if c.store.host != nil {
		c.store.host.Disconnect(id)
	}
	c.store.Release(id)
	return done, 0
}

func (c *Client) resume(_ *transaction, texts []string) ([]byte, syscall.Errno) {
	id, errno := c.managed(texts[0])
	switch {
	case errno != 0:
		return nil, errno
	case !c.store.Introduced(id):
		return nil, syscall.ENOENT
	}
	c.store.Resume(id)
	return done, 0
}

// setTarget gives a domain the rights of another, whose devices it emulates.
func (c *Client) setTarget(_ *transaction, texts []string) ([]byte, syscall.Errno) {
	id, errno := c.managed(texts[0])
	if errno != 0 {
		return nil, errno
	}
	target, errno := c.managed(texts[1])
	switch {
	case errno != 0:
		return nil, errno
	case !c.store.Introduced(id) || !c.store.Introduced(target):
		return nil, syscall.ENOENT
	}
	d := c.store.domain(id)
	d.target, d.hasTarget = target, true
	return done, 0
}
