package xenbus

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"syscall"

	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

// ops is the operations on nodes, of a transaction or of none.
type ops struct {
	store *Store
	tx    uint32
}

// Read is a node's value. fs.ErrNotExist: there is no such node.
func (o ops) Read(path string) (string, error) {
	body, err := o.ask("read", hypercall.XS_READ, path)
	return string(body), err
}

// Write sets a node's value, and makes the node, and those above it, where they are missing.
func (o ops) Write(path, value string) error {
	if err := check("write", path); err != nil {
		return err
	}
	body, err := o.store.ask(hypercall.XS_WRITE, o.tx, append(wire.Join(path), value...))
	return done("write", path, body, err)
}

// Mkdir makes a node with an empty value, and those above it, where they are missing.
func (o ops) Mkdir(path string) error {
	body, err := o.ask("mkdir", hypercall.XS_MKDIR, path)
	return done("mkdir", path, body, err)
}

// Remove removes a node and all below it. That it is not there is no error, unless what it would be in isn't there either.
func (o ops) Remove(path string) error {
	body, err := o.ask("remove", hypercall.XS_RM, path)
	return done("remove", path, body, err)
}

// List is the names of a node's children. fs.ErrNotExist: there is no such node.
func (o ops) List(path string) ([]string, error) {
	body, err := o.ask("list", hypercall.XS_DIRECTORY, path)
	if errors.Is(err, syscall.E2BIG) {
		return o.listParts(path)
	}
	return wire.Split(body), err
}

// maxList is how many bytes of names List puts together.
const maxList = 1 << 20

// listParts lists a directory that does not fit in a message, part by part: a part is a number that changes when the directory
// does, and then names; the last has an empty one behind them.
func (o ops) listParts(path string) ([]string, error) {
	const attempts = 100
	var names []byte
	generation := ""
	for range attempts {
		body, err := o.ask("list", hypercall.XS_DIRECTORY_PART, path, strconv.Itoa(len(names)))
		if err != nil {
			return nil, err
		}
		now, part, ok := strings.Cut(string(body), "\x00")
		if !ok {
			return nil, pathError("list", path, ErrProtocol)
		}
		if now != generation && len(names) > 0 {
			generation, names = "", nil // it has changed: begin anew
			continue
		}
		generation = now
		if part == "\x00" || strings.HasSuffix(part, "\x00\x00") {
			return wire.Split(append(names, strings.TrimSuffix(part, "\x00")...)), nil
		}
		if part == "" || len(names)+len(part) > maxList {
			break
		}
		names = append(names, part...)
	}
	return nil, pathError("list", path, syscall.E2BIG)
}

// A Perm says what a domain may do with a node. The first of a node's list names its owner, who may do all, and what those may do
// who are not in the list.
type Perm struct {
	Domain      hypercall.DomID
	Read, Write bool
}

// String is the permission as the daemon writes it, as "b5".
func (p Perm) String() string {
	letter := "n"
	switch {
	case p.Read && p.Write:
		letter = "b"
	case p.Read:
		letter = "r"
	case p.Write:
		letter = "w"
	}
	return letter + strconv.Itoa(int(p.Domain))
}

// ParsePerm is the permission of a text.
func ParsePerm(s string) (Perm, error) {
	if s != "" {
		domain, err := strconv.ParseUint(s[1:], 10, 16)
		if i := strings.IndexByte("nrwb", s[0]); i >= 0 && err == nil {
			return Perm{hypercall.DomID(domain), i&1 != 0, i&2 != 0}, nil
		}
	}
	return Perm{}, fmt.Errorf("%w: permission %q", ErrProtocol, s)
}

// Perms is a node's permissions.
func (o ops) Perms(path string) (perms []Perm, err error) {
	body, err := o.ask("read permissions of", hypercall.XS_GET_PERMS, path)
	if err != nil {
		return nil, err
	}
	for _, text := range wire.Split(body) {
		p, err := ParsePerm(text)
		if err != nil {
			return nil, pathError("read permissions of", path, err)
		}
		perms = append(perms, p)
	}
	return perms, nil
}

// SetPerms sets a node's permissions.
func (o ops) SetPerms(path string, perms ...Perm) error {
	texts := []string{path}
	for _, p := range perms {
		texts = append(texts, p.String())
	}
	body, err := o.ask("set permissions of", hypercall.XS_SET_PERMS, texts...)
	return done("set permissions of", path, body, err)
}

// DomainPath is the directory of a domain.
func (s *Store) DomainPath(id hypercall.DomID) (string, error) {
	body, err := s.ops.ask("find the domain", hypercall.XS_GET_DOMAIN_PATH, strconv.Itoa(int(id)))
	return strings.TrimSuffix(string(body), "\x00"), err
}

// ask makes a request of texts, of which the first is a path.
func (o ops) ask(op string, kind uint32, texts ...string) ([]byte, error) {
	if err := check(op, texts[0]); err != nil {
		return nil, err
	}
	body, err := o.store.ask(kind, o.tx, wire.Join(texts...))
	if err != nil {
		return nil, pathError(op, texts[0], err)
	}
	return body, nil
}

// done looks at the reply to a request that returns nothing.
func done(op, path string, body []byte, err error) error {
	var pe *fs.PathError
	switch {
	case errors.As(err, &pe):
		return err
	case err == nil && strings.TrimSuffix(string(body), "\x00") != "OK":
		err = fmt.Errorf("%w: a reply that is not OK", ErrProtocol)
	}
	if err != nil {
		return pathError(op, path, err)
	}
	return nil
}

// check refuses what is no path before the daemon is bothered with it.
func check(op, path string) error {
	longest := hypercall.XENSTORE_REL_PATH_MAX
	if strings.HasPrefix(path, "/") {
		longest = hypercall.XENSTORE_ABS_PATH_MAX
	}
	switch {
	case path == "" || strings.ContainsRune(path, 0):
		return pathError(op, path, syscall.EINVAL)
	case len(path) > longest:
		return pathError(op, path[:64]+"…", syscall.ENAMETOOLONG)
	}
	return nil
}

func pathError(op, path string, err error) error { return &fs.PathError{Op: op, Path: path, Err: err} }

// errnos is the errors that the protocol has, which are sent by their names.
var errnos = map[string]syscall.Errno{
	"EINVAL": syscall.EINVAL, "EACCES": syscall.EACCES, "EEXIST": syscall.EEXIST, "EISDIR": syscall.EISDIR,
	"ENOENT": syscall.ENOENT, "ENOMEM": syscall.ENOMEM, "ENOSPC": syscall.ENOSPC, "EIO": syscall.EIO,
	"ENOTEMPTY": syscall.ENOTEMPTY, "ENOSYS": syscall.ENOSYS, "EROFS": syscall.EROFS, "EBUSY": syscall.EBUSY,
	"EAGAIN": syscall.EAGAIN, "EISCONN": syscall.EISCONN, "E2BIG": syscall.E2BIG, "EPERM": syscall.EPERM,
}

func errorOf(body []byte) error {
	name := strings.TrimSuffix(string(body), "\x00")
	if errno, ok := errnos[name]; ok {
		return errno
	}
	return fmt.Errorf("%w: an error that it does not have", ErrProtocol)
}
