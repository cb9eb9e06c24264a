package domains

import (
	"errors"
	"fmt"
	"io"
	"syscall"

	"tuco/control/build"
	"tuco/control/config"
)

// Create makes a guest and lets it run. When it fails there is nothing of the guest, or what could not be unmade is with Poll.
func (m *Manager) Create(c *config.Guest) error {
	g := &guest{config: c, state: Building}
	g.op.Lock()
	defer g.op.Unlock()
	m.mu.Lock()
	err := m.admit(c)
	if err == nil {
		m.guests[c.Name] = g
	}
	m.mu.Unlock()
	if err != nil {
		return err
	}
	begun, spent := m.Now(), m.Spent()
	if err := m.start(g); err != nil {
		m.remove(g)
		m.Log.Error("guest not created", "guest", c.Name, "error", err)
		return err
	}
	m.Log.Info("guest created", "guest", c.Name, "domain", g.instance.ID.Dom, "took", m.Now().Sub(begun), "spent", m.Spent()-spent)
	return nil
}

// start gives a guest a domain and lets it run. Its lock is held and its undo stack is empty. When it fails, the stack has been run.
func (m *Manager) start(g *guest) (err error) {
	known := g.recorded
	m.set(func() { g.state, g.why, g.instance = Building, "", nil })
	defer func() {
		if err == nil {
			return
		}
		if unwanted := m.wanted(g); unwanted != nil {
			err = unwanted // and what has failed is what fails without a domain
		}
		if g.recorded && !known {
			g.undo.push("forgetting it", func() error { return m.forget(g) })
		}
		if bad := g.undo.run(); bad != nil {
			err = errors.Join(err, fmt.Errorf("then, in taking apart what there was: %w", bad))
		}
		m.set(func() { g.instance = nil })
	}()
	i, err := m.build(g)
	if err != nil {
		return err
	}
	for _, s := range m.Services {
		if err := m.wanted(g); err != nil {
			return err
		}
		if err := s.Attach(i); err != nil {
			return fmt.Errorf("%s: %w", s.Name(), err)
		}
		g.undo.push("detaching it from the "+s.Name(), func() error { return s.Detach(i) })
	}
	m.set(func() { g.instance = i })
	if err := m.remember(g); err != nil {
		return err
	}
	if err := m.wanted(g); err != nil {
		return err
	}
	if err := m.Hypervisor.Unpause(i.ID); err != nil {
		return fmt.Errorf("letting it run: %w", err)
	}
	g.started = m.Now()
	m.set(func() { g.state = Running })
	return nil
}

// wanted fails if somebody has destroyed the guest since its start began.
func (m *Manager) wanted(g *guest) (err error) {
	m.set(func() {
		if g.unwanted {
			err = refuse(ErrState, "guest %q was destroyed while it was built", g.config.Name)
		}
	})
	return err
}

// build makes the guest's domain.
func (m *Manager) build(g *guest) (*Instance, error) {
	plan, pages, err := m.plan(g.config)
	if err != nil {
		return nil, err
	}
	defer plan.close()
	i := &Instance{Config: g.config, Handle: newHandle()}
	id, domain, err := m.Hypervisor.Create(&Limits{
		Name: g.config.Name, Handle: i.Handle, Pages: pages, VCPUs: g.config.VCPUs, Weight: g.config.Weight, Cap: g.config.Cap,
	})
	if err != nil {
		return nil, fmt.Errorf("making its domain: %w", err)
	}
	i.ID = id
	g.undo.push("destroying its domain", func() error { return m.Hypervisor.Destroy(id) })
	m.set(func() { g.building = id })
	if err := m.giveParts(id, g.config); err != nil {
		return nil, err
	}
	if i.Rings, err = plan.Build(domain); err != nil {
		if errors.Is(err, syscall.ENOMEM) {
			err = fmt.Errorf("%w: give it less memory, or destroy another guest first", err)
		}
		return nil, fmt.Errorf("building its domain: %w", err)
	}
	return i, nil
}

// giveParts gives a domain the parts of the machine that the guest has. The domain's end gives them back.
func (m *Manager) giveParts(id ID, c *config.Guest) error {
	for _, p := range c.IOPorts {
		if err := m.Hypervisor.GivePorts(id, p); err != nil {
			return refused("ioports: the ports", p, err)
		}
	}
	for _, f := range c.IOMemory {
		if err := m.Hypervisor.GiveMemory(id, f); err != nil {
			return refused("iomem: the pages", f, err)
		}
	}
	return nil
}

func refused(what string, part fmt.Stringer, err error) error {
	if errors.Is(err, syscall.EBUSY) {
		return refuse(ErrConflict, "%s %s can't be given: some are the hypervisor's, or RAM, or of a guest that is being taken apart; name others, or try again when it is gone", what, part)
	}
	return fmt.Errorf("%s %s: %w", what, part, err)
}

const pagesPerMiB = 1 << 20 >> 12

// plan is a domain's plan with the files that it is made of.
type plan struct {
	*build.Plan
	files []io.Closer
}

func (p *plan) close() {
	for _, f := range p.files {
		f.Close()
	}
}

// plan reads of the guest's files what they say of themselves, and says what is wrong with them before there is a domain.
func (m *Manager) plan(c *config.Guest) (_ *plan, pages uint64, err error) {
	spec := build.Spec{Args: c.Extra, Pages: uint64(c.Memory) * pagesPerMiB, Features: m.Hypervisor.Features(), Room: m.Room}
	p := new(plan)
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	for _, file := range []struct {
		key, name string
		to        *build.File
	}{{"kernel", c.Kernel, &spec.Kernel}, {"ramdisk", c.Ramdisk, &spec.Ramdisk}} {
		if file.name == "" && file.to == &spec.Ramdisk {
			continue
		}
		f, err := m.Images.Open(file.name)
		if err != nil {
			return nil, 0, refuse(ErrConfig, "%s: %v", file.key, err)
		}
		p.files = append(p.files, f)
		*file.to = f
	}
	p.Plan, err = build.Prepare(&spec)
	switch {
	case errors.Is(err, build.ErrRoom):
		return nil, 0, refuse(ErrQuota, "kernel %s: %v; unpack it (Linux' scripts/extract-vmlinux), or give the control domain more memory when you start the host (tuco up --control-memory)", c.Kernel, err)
	case err != nil:
		return nil, 0, refuse(ErrConfig, "kernel %s: %v", c.Kernel, err)
	}
	return p, spec.Pages, nil
}
