package xenbustest

import (
	"maps"
	"strconv"
	"strings"
	"syscall"

	"tuco/guestlib/xenbus"
	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

// maxTransactions is how many a domain may have open.
const maxTransactions = 10

func nameOf(errno syscall.Errno) string {
	for name, e := range map[string]syscall.Errno{
		"EACCES": syscall.EACCES, "EAGAIN": syscall.EAGAIN, "E2BIG": syscall.E2BIG, "EEXIST": syscall.EEXIST,
		"ENOENT": syscall.ENOENT, "ENOSPC": syscall.ENOSPC, "ENOSYS": syscall.ENOSYS, "EPERM": syscall.EPERM,
	} {
		if e == errno {
			return name
		}
	}
	return "EINVAL"
}

// full is an absolute path.
func (c *conn) full(path string) string {
	if path == "/" {
		return ""
	}
	if strings.HasPrefix(path, "/") || strings.HasPrefix(path, "@") {
		return path
	}
	return c.home + "/" + path
}

// valid tells whether a text is a path.
func valid(path string) bool {
	if path == "/" {
		return true
	}
	for _, r := range path {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		if !letter && !strings.ContainsRune("-/_@", r) {
			return false
		}
	}
	return path != "" && !strings.HasSuffix(path, "/") && !strings.Contains(path, "//")
}

var ok = wire.Join("OK")

// answer does what a message asks for.
func (c *conn) answer(m wire.Message) (body []byte, errno syscall.Errno) {
	texts := append(wire.Split(m.Body), "", "") // what is missing is empty, which is no path
	s := c.server
	switch m.Type {
	case hypercall.XS_TRANSACTION_START:
		return c.begin()
	case hypercall.XS_TRANSACTION_END:
		return c.end(m.Tx, texts[0])
	case hypercall.XS_GET_DOMAIN_PATH:
		if _, err := strconv.ParseUint(texts[0], 10, 16); err != nil {
			return nil, syscall.EINVAL
		}
		return wire.Join("/local/domain/" + texts[0]), 0
	case hypercall.XS_RESET_WATCHES:
		clear(c.watches)
		clear(c.transactions)
		return ok, 0
	case hypercall.XS_WATCH, hypercall.XS_UNWATCH:
		return c.watch(m.Type == hypercall.XS_WATCH, watch{texts[0], texts[1]})
	}
	if !valid(texts[0]) {
		return nil, syscall.EINVAL
	}
	path, t := c.full(texts[0]), s.tree
	var tx *transaction
	if m.Tx != 0 {
		if tx = c.transactions[m.Tx]; tx == nil {
			return nil, syscall.ENOENT
		}
		t = tx.tree
	}
	var change func(tree) syscall.Errno
	switch m.Type {
	case hypercall.XS_READ, hypercall.XS_GET_PERMS, hypercall.XS_DIRECTORY, hypercall.XS_DIRECTORY_PART:
		return c.look(t, m.Type, path, texts[1])
	case hypercall.XS_WRITE:
		_, value, _ := strings.Cut(string(m.Body), "\x00")
		change = func(t tree) syscall.Errno { return t.put(c.domain, path, &value) }
	case hypercall.XS_MKDIR:
		change = func(t tree) syscall.Errno { return t.put(c.domain, path, nil) }
	case hypercall.XS_RM:
		change = func(t tree) syscall.Errno { return t.remove(c.domain, path) }
	case hypercall.XS_SET_PERMS:
		perms, errno := parse(texts[1 : len(texts)-2])
		if errno != 0 {
			return nil, errno
		}
		change = func(t tree) syscall.Errno { return c.setPerms(t, path, perms) }
	default:
		return nil, syscall.ENOSYS
	}
	if tx != nil {
		errno = change(tx.tree)
		tx.changed = append(tx.changed, path)
	} else {
		errno = s.change(change, path)
	}
	return ok, errno
}

func (c *conn) look(t tree, kind uint32, path, from string) ([]byte, syscall.Errno) {
	n, errno := t.get(c.domain, path, false)
	if errno != 0 {
		return nil, errno
	}
	switch kind {
	case hypercall.XS_READ:
		return []byte(n.value), 0
	case hypercall.XS_GET_PERMS:
		var texts []string
		for _, p := range n.perms {
			texts = append(texts, p.String())
		}
		return wire.Join(texts...), 0
	}
	names := wire.Join(t.list(path)...)
	if kind == hypercall.XS_DIRECTORY {
		if len(names) > hypercall.XENSTORE_PAYLOAD_MAX {
			return nil, syscall.E2BIG
		}
		return names, 0
	}
	at, err := strconv.Atoi(from)
	if err != nil || at < 0 || at > len(names) {
		return nil, syscall.EINVAL
	}
	part := wire.Join(strconv.FormatUint(c.server.generation, 10))
	room := hypercall.XENSTORE_PAYLOAD_MAX - len(part) - 1
	if rest := names[at:]; len(rest) <= room {
		return append(append(part, rest...), 0), 0
	}
	end := at + strings.LastIndexByte(string(names[at:at+room]), 0) + 1
	return append(part, names[at:end]...), 0
}

func parse(texts []string) (perms []xenbus.Perm, errno syscall.Errno) {
	for _, text := range texts {
		p, err := xenbus.ParsePerm(text)
		if err != nil {
			return nil, syscall.EINVAL
		}
		perms = append(perms, p)
	}
	if len(perms) == 0 {
		return nil, syscall.EINVAL
	}
	return perms, 0
}

// setPerms is for the owner, who stays it.
func (c *conn) setPerms(t tree, path string, perms []xenbus.Perm) syscall.Errno {
	n := t[path]
	switch {
	case n == nil:
		return syscall.ENOENT
	case c.domain != 0 && n.perms[0].Domain != c.domain:
		return syscall.EACCES
	case c.domain != 0 && perms[0].Domain != c.domain:
		return syscall.EPERM
	}
	t[path] = &node{n.value, perms}
	return 0
}

func (c *conn) watch(set bool, w watch) ([]byte, syscall.Errno) {
	switch {
	case !valid(w.path):
		return nil, syscall.EINVAL
	case set && c.watches[w]:
		return nil, syscall.EEXIST
	case !set && !c.watches[w]:
		return nil, syscall.ENOENT
	case !set:
		delete(c.watches, w)
		return ok, 0
	}
	c.watches[w] = true
	c.post(wire.Message{Type: hypercall.XS_WATCH_EVENT, Body: wire.Join(w.path, w.token)})
	return ok, 0
}

func (c *conn) begin() ([]byte, syscall.Errno) {
	if len(c.transactions) == maxTransactions {
		return nil, syscall.ENOSPC
	}
	c.lastTx++
	c.transactions[c.lastTx] = &transaction{tree: maps.Clone(c.server.tree), began: c.server.generation}
	return wire.Join(strconv.Itoa(int(c.lastTx))), 0
}

func (c *conn) end(id uint32, how string) ([]byte, syscall.Errno) {
	tx := c.transactions[id]
	delete(c.transactions, id)
	switch {
	case tx == nil:
		return nil, syscall.ENOENT
	case how == "F" || len(tx.changed) == 0:
		return ok, 0
	case how != "T":
		return nil, syscall.EINVAL
	case tx.began != c.server.generation:
		return nil, syscall.EAGAIN
	}
	c.server.change(func(t tree) syscall.Errno { clear(t); maps.Copy(t, tx.tree); return 0 }, tx.changed...)
	return ok, 0
}
