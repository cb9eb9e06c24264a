package vswitch

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"tuco/control/limit"
	"tuco/control/packet"
)

// Limits are what a switch has room for. A zero means the usual.
type Limits struct {
	Ports     int           // 256
	Addresses int           // learned ones: 1024
	Age       time.Duration // how long a learned address is kept without a frame from it: 5 minutes
	Flows     int           // remembered for a port: 4096
}

// Switch is a virtual switch.
type Switch struct {
	now    func() time.Time
	limits Limits

	mu    sync.Mutex
	ports []*Port
	table table
	rules *Rules
	flows flows
	spare []*batch
}

// New makes a switch with no ports, where everything is allowed that is not spoofed. Time comes from now.
func New(limits Limits, now func() time.Time) *Switch {
	const ports, addresses, age, flows = 256, 1024, 5 * time.Minute, 4096
	usual(&limits.Ports, ports)
	usual(&limits.Addresses, addresses)
	usual(&limits.Age, age)
	usual(&limits.Flows, flows)
	return &Switch{
		now: now, limits: limits,
		table: makeTable(limits.Addresses, limits.Age),
		rules: &Rules{Default: Allow},
		flows: makeFlows(limits.Flows),
	}
}

func usual[T int | time.Duration](value *T, instead T) {
	if *value == 0 {
		*value = instead
	}
}

// Add adds a port, whose frames go to the sink. It fails if the name or the fixed address is in use, or there are too many ports.
func (s *Switch) Add(o Options, sink Sink) (*Port, error) {
	const usualMTU, floods = 1500, 1000
	usual(&o.MTU, usualMTU)
	usual(&o.Floods, floods)
	if err := checkName(o.Name); err != nil {
		return nil, err
	}
	if !o.fixed() && !o.Trusted {
		return nil, fmt.Errorf("port %s: a port that is not trusted needs a MAC address", o.Name)
	}
	p := &Port{s: s, options: o, sink: sink, addresses: slices.Clone(o.Addresses), floods: limit.New(float64(o.Floods), float64(o.Floods))}
	p.SetTakes(o.Takes)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.ports) >= s.limits.Ports {
		return nil, fmt.Errorf("port %s: the switch has %d ports already: remove one first", o.Name, len(s.ports))
	}
	for _, other := range s.ports {
		switch {
		case other.options.Name == o.Name:
			return nil, fmt.Errorf("port %s: the switch has a port of this name: choose another", o.Name)
		case o.fixed() && other.options.MAC == o.MAC:
			return nil, fmt.Errorf("port %s: port %s has the address %v: choose another", o.Name, other.options.Name, o.MAC)
		}
	}
	if o.fixed() {
		s.table.fix(o.MAC, p)
	}
	s.ports = append(s.ports, p)
	return p, nil
}

// Port is the port of a name, nil if there is none.
func (s *Switch) Port(name string) *Port {
	for _, p := range s.Ports() {
		if p.options.Name == name {
			return p
		}
	}
	return nil
}

// Ports are the switch's ports.
func (s *Switch) Ports() []*Port {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ports)
}

// SetRules puts rules into force, for all packets from now on: what the old ones allowed is forgotten. They may name ports that
// the switch does not have yet.
func (s *Switch) SetRules(r *Rules) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = r
	s.flows.forget(func(*flow) bool { return true })
}

// Rules are those in force.
func (s *Switch) Rules() *Rules {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rules
}

// Owner is the port that has an address, and whether it is the port's fixed one; nil if nobody has it.
func (s *Switch) Owner(m packet.MAC) (p *Port, fixed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.table.find(m, s.now())
}
