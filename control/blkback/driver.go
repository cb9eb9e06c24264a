package blkback

import (
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"tuco/control/backend"
	"tuco/hypercall"
	"tuco/ring/blkif"
)

// Driver implements backend.Driver for a block device.
type Driver struct {
	config Config
	stats  counters
}

// New is a back end for a disk.
func New(c Config) *Driver { return &Driver{config: c} }

// Offer implements backend.Driver.
func (d *Driver) Offer() map[string]string {
	nodes := map[string]string{
		blkif.KeyFlush: "1", blkif.KeyBarrier: "1", blkif.KeyPersistent: "1", blkif.KeyDiscard: "0",
		blkif.KeyIndirect: strconv.Itoa(maxIndirect), blkif.KeyMaxRingOrder: strconv.Itoa(maxRingOrder),
	}
	if d.config.Discard && !d.config.ReadOnly {
		nodes[blkif.KeyDiscard] = "1"
		nodes[blkif.KeyDiscardGranularity], nodes[blkif.KeyDiscardAlignment] = strconv.Itoa(d.config.SectorSize), "0"
	}
	return nodes
}

// Ready implements backend.Driver.
func (d *Driver) Ready() hypercall.XenbusState { return hypercall.XenbusStateInitialised }

// Connect implements backend.Driver.
func (d *Driver) Connect(p *backend.Peer) (backend.Session, map[string]string, error) {
	s := &session{driver: d, config: d.config, peer: p, sectors: d.config.sectors(), ended: make(chan struct{})}
	if err := s.connect(); err != nil {
		return nil, nil, err
	}
	info := 0
	if d.config.ReadOnly {
		info = blkif.InfoReadOnly
	}
	return s, map[string]string{
		blkif.KeySectors: strconv.FormatUint(s.sectors, 10), blkif.KeyInfo: strconv.Itoa(info),
		blkif.KeySectorSize: strconv.Itoa(d.config.SectorSize), blkif.KeyPhysicalSectorSize: strconv.Itoa(d.config.SectorSize),
	}, nil
}

// connect takes what the front end proposes.
func (s *session) connect() error {
	p := s.peer
	switch protocol, err := p.Text(blkif.KeyProtocol); {
	case err == nil && protocol != blkif.Protocol:
		return fmt.Errorf("%s/%s says %.40q: only %s is served", p.Front(), blkif.KeyProtocol, protocol, blkif.Protocol)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	keeps, err := p.Flag(blkif.KeyPersistent)
	if err != nil {
		return err
	}
	nodes, err := ringNodes(p)
	if err != nil {
		return err
	}
	memory, err := p.Map(nodes...)
	if err != nil {
		return err
	}
	channel, err := p.Bind(blkif.KeyEventChannel)
	if err != nil {
		return errors.Join(err, memory.Close())
	}
	if keeps {
		s.kept = &kept{machine: p.Machine, domain: p.Domain, most: maxKept, pages: map[hypercall.GrantRef]*page{}, stats: &s.driver.stats}
	}
	s.begin(memory, channel)
	return nil
}

// ringNodes are the nodes that name the ring's pages.
func ringNodes(p *backend.Peer) (nodes []string, err error) {
	const one = 1 << 32 // no such order
	order, err := p.Number(blkif.KeyRingOrder, maxRingOrder, one)
	if err != nil {
		return nil, err
	}
	if order == one {
		return []string{blkif.KeyRingRef}, nil
	}
	for i := range 1 << order {
		nodes = append(nodes, fmt.Sprint(blkif.KeyRingRef, i))
	}
	return nodes, nil
}
