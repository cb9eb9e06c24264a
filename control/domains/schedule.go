package domains

import (
	"errors"
	"fmt"

	"tuco/control/config"
)

// SetSchedule changes a guest's cpu_weight, its cap, or both: nil leaves one as it is. They last as long as the guest does, over restarts of it and of the host.
func (m *Manager) SetSchedule(name string, weight, limit *int) error {
	g, err := m.take(name)
	if err != nil {
		return err
	}
	defer g.op.Unlock()
	c := *g.config // others read the one that there is
	if weight != nil {
		c.Weight = *weight
	}
	if limit != nil {
		c.Cap = *limit
	}
	switch most := 100 * c.VCPUs; {
	case c.Weight < 1 || c.Weight > config.MaxWeight:
		return refuse(ErrConfig, "cpu_weight: %d is no weight; 1 to %d are possible", c.Weight, config.MaxWeight)
	case c.Cap < 0 || c.Cap > most:
		return refuse(ErrConfig, "cap: guest %q has %d vCPUs, which can use 1 to %d percent of a CPU; 0 is no limit", name, c.VCPUs, most)
	}
	was := g.config
	if err := m.reschedule(g, &c); err != nil {
		return err
	}
	if err := m.save(); err != nil {
		return errors.Join(err, m.reschedule(g, was))
	}
	return nil
}

// reschedule has a guest be as described, of which no more than the schedule is new.
func (m *Manager) reschedule(g *guest, c *config.Guest) error {
	if g.instance != nil {
		if err := m.Hypervisor.SetSchedule(g.instance.ID, c.Weight, c.Cap); err != nil {
			return fmt.Errorf("guest %q: %w", c.Name, err)
		}
	}
	m.set(func() { g.config = c })
	return nil
}
