package backend

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"tuco/guestlib/frontend"
	"tuco/hypercall"
)

// Device names a device: its class ("vbd", "vif"), the domain that has the front end, and its number there.
type Device struct {
	Class  string
	Domain hypercall.DomID
	ID     uint32
}

// Back is the directory of the back end, in the domain that serves it.
func (d Device) Back(in hypercall.DomID) string {
	return fmt.Sprintf("/local/domain/%d/backend/%s/%d/%d", in, d.Class, d.Domain, d.ID)
}

// Front is the directory of the front end.
func (d Device) Front() string {
	return fmt.Sprintf("/local/domain/%d/device/%s/%d", d.Domain, d.Class, d.ID)
}

// String is how logs name it.
func (d Device) String() string { return fmt.Sprintf("%s/%d/%d", d.Class, d.Domain, d.ID) }

// Peer is a device's front end, as a driver sees it: what it says in the store, and the domain that it is in.
type Peer struct {
	Device
	Machine Machine

	store frontend.Store
	self  hypercall.DomID
}

// Text is a node of the front end's directory. The error is fs.ErrNotExist where there is none.
func (p *Peer) Text(node string) (string, error) {
	return p.store.Read(p.Front() + "/" + node)
}

// Number is a number in the front end's directory, or otherwise where there is none. It fails for one greater than most.
func (p *Peer) Number(node string, most, otherwise uint64) (uint64, error) {
	v, err := number(p.store, p.Front()+"/"+node, most)
	if errors.Is(err, fs.ErrNotExist) {
		return otherwise, nil
	}
	return v, err
}

// Flag tells whether the front end's directory has a node that says 1.
func (p *Peer) Flag(node string) (bool, error) {
	v, err := p.Number(node, 1, 0)
	return v == 1, err
}

// Property is a node of the back end's directory, which the toolstack wrote.
func (p *Peer) Property(node string) (string, error) {
	return p.store.Read(p.Back(p.self) + "/" + node)
}

// Refs are grant references in nodes of the front end's directory, all of which there have to be.
func (p *Peer) Refs(nodes ...string) (refs []hypercall.GrantRef, err error) {
	for _, node := range nodes {
		v, err := number(p.store, p.Front()+"/"+node, 1<<32-1)
		if err != nil {
			return nil, err
		}
		refs = append(refs, hypercall.GrantRef(v))
	}
	return refs, nil
}

// Bind connects to the event channel that a node of the front end's directory names.
func (p *Peer) Bind(node string) (frontend.Channel, error) {
	v, err := number(p.store, p.Front()+"/"+node, 1<<32-1)
	if err != nil {
		return nil, err
	}
	channel, err := p.Machine.Bind(p.Domain, hypercall.Port(v))
	if err != nil {
		return nil, fmt.Errorf("%s/%s: %w", p.Front(), node, err)
	}
	return channel, nil
}

// Map maps pages of the front end's for writing, which nodes of its directory name.
func (p *Peer) Map(nodes ...string) (Mapping, error) {
	refs, err := p.Refs(nodes...)
	if err != nil {
		return nil, err
	}
	m, err := p.Machine.Map(p.Domain, refs, true)
	if err != nil {
		return nil, fmt.Errorf("%s/%s: %w", p.Front(), nodes[0], err)
	}
	return m, nil
}

func number(store frontend.Store, path string, most uint64) (uint64, error) {
	text, err := store.Read(path)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", path, err)
	}
	v, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	if err != nil || v > most {
		return 0, fmt.Errorf("%s says %.40q, which is no number up to %d", path, text, most)
	}
	return v, nil
}
