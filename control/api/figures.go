package api

import (
	"net/http"
	"time"

	"tuco/control/api/wire"
	"tuco/control/domains"
	"tuco/control/pauses"
	"tuco/hypercall"
)

const pageSize = 4096

// figures are the hypervisor's of all domains.
func (s *Server) figures() (map[domains.ID]*hypercall.ControlDomain, error) {
	list, err := s.Machine.Domains()
	if err != nil {
		return nil, err
	}
	all := map[domains.ID]*hypercall.ControlDomain{}
	for k := range list {
		d := &list[k]
		all[domains.ID{Dom: d.DomID, Serial: d.Serial}] = d
	}
	return all, nil
}

// describe tells of a guest. One that has just ended has no figures.
func (s *Server) describe(i *domains.Info, all map[domains.ID]*hypercall.ControlDomain) wire.Domain {
	d := wire.Domain{
		Name: i.Config.Name, State: string(i.State), Why: i.Why, VCPUs: i.Config.VCPUs, Config: i.Config, Disks: []wire.Disk{}, NICs: []wire.NIC{},
	}
	if i.ID == (domains.ID{}) {
		return d
	}
	d.Domain = int(i.ID.Dom)
	if f := all[i.ID]; f != nil {
		d.Memory, d.CPUTime, d.Ports = int64(f.Pages)*pageSize, time.Duration(f.CPUTime).Seconds(), int(f.Ports)
		for v := range i.Config.VCPUs {
			if one, err := s.Machine.VCPU(i.ID, v); err == nil {
				d.Exits += one.Exits
			}
		}
	}
	d.Disks, d.NICs = s.disksOf(i), s.nicsOf(i)
	return d
}

func (s *Server) disksOf(i *domains.Info) []wire.Disk {
	list := []wire.Disk{}
	for k, o := range s.Disks(i.ID) {
		d := wire.Disk{
			Volume: o.Volume, Reads: o.Stats.Reads, Writes: o.Stats.Writes, Flushes: o.Stats.Flushes,
			BytesRead: o.Stats.BytesRead, BytesWritten: o.Stats.BytesWritten, Errors: o.Stats.Refused + o.Stats.Failed,
		}
		if k < len(i.Config.Disks) && i.Config.Disks[k].Volume == o.Volume {
			d.VDev = i.Config.Disks[k].VDev
		}
		list = append(list, d)
	}
	return list
}

func (s *Server) nicsOf(i *domains.Info) []wire.NIC {
	list := []wire.NIC{}
	for _, o := range s.Interfaces(i.ID) {
		options, p, n := o.Port.Options(), o.Port.Stats(), o.Stats
		nic := wire.NIC{
			Name: o.Name, MAC: options.MAC.String(), Sent: p.Sent, SentBytes: p.SentBytes, Received: p.Received, ReceivedBytes: p.ReceivedBytes,
			Dropped: p.Malformed + p.Spoofed + p.Flooded + p.Denied + p.NoRoom + p.Nowhere + p.TooLong +
				n.Bad.Load() + n.CopyErrors.Load() + n.Dropped.Load() + n.Unfit.Load(),
		}
		if len(options.Addresses) > 0 {
			nic.Address = options.Addresses[0].String()
		}
		list = append(list, nic)
	}
	return list
}

func (s *Server) host(w http.ResponseWriter, _ *http.Request) error {
	m, err := s.Machine.Machine()
	if err != nil {
		return err
	}
	space, p := s.Volumes.Space(), pauses.Read()
	send(w, http.StatusOK, wire.Host{
		Version: s.Version, Uptime: time.Duration(m.Uptime).Seconds(), CPUs: int(m.CPUs), Domains: int(m.Domains), Guests: len(s.Guests.List()),
		Memory: wire.Space{Size: int64(m.Total) * pageSize, Free: int64(m.Free) * pageSize}, Volumes: wire.Space(space), Address: s.Address,
		Collector: wire.Collector{Collections: p.Collections, LongestStop: p.Stop.Seconds(), LongestWait: p.Wait.Seconds()},
	})
	return nil
}

// powerOff has the host end, when the client has the answer: what is on its way then is lost.
func (s *Server) powerOff(w http.ResponseWriter, r *http.Request) error {
	const moment = time.Second
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusAccepted)
	if http.NewResponseController(w).Flush() == nil {
		select {
		case <-r.Context().Done(): // the client has closed the connection
		case <-time.After(moment):
		}
	}
	s.PowerOff()
	return nil
}
