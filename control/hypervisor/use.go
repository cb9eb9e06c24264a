package hypervisor

// Use is what of the machine's is in use by domains, dying ones too.
type Use struct {
	Pages, Free uint64 // of RAM, and of them nobody's; those that the hypervisor keeps for the next domain's records count as free
	Domains     int
	Ports       uint64 // event channels
	Mapped      uint64 // grants of others that domains have mapped
	Shared      uint64 // pages of the hypervisor's that it shares with domains
}

// Use counts.
func (h *Host) Use() (u Use, err error) {
	m, err := h.host.Machine()
	if err != nil {
		return u, err
	}
	all, err := h.host.List()
	if err != nil {
		return u, err
	}
	u.Pages, u.Free, u.Domains = m.Total, m.Free+m.Kept, len(all)
	for _, d := range all {
		u.Ports += uint64(d.Ports)
		u.Mapped += d.Mapped
		u.Shared += d.Shared
	}
	return u, nil
}
