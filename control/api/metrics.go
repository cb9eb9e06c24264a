package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tuco/control/api/wire"
	"tuco/control/exposition"
	"tuco/control/images"
	"tuco/hypercall"
)

// counts are of the server itself.
type counts struct {
	unauthorized atomic.Uint64
	mu           sync.Mutex
	answers      [6]uint64 // by the first digit of their status
}

func (c *counts) answered(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if class := status / 100; class > 0 && class < len(c.answers) {
		c.answers[class]++
	}
}

// metrics answers with all figures that there are.
func (s *Server) metrics(w http.ResponseWriter, _ *http.Request) error {
	machine, err := s.Machine.Machine()
	if err != nil {
		return err
	}
	domains, err := s.Machine.Domains()
	if err != nil {
		return err
	}
	figures, err := s.figures()
	if err != nil {
		return err
	}
	guests := []wire.Domain{}
	for _, i := range s.Guests.List() {
		guests = append(guests, s.describe(&i, figures))
	}
	w.Header().Set("Content-Type", exposition.ContentType)
	e := exposition.NewWriter(w)
	writeMachine(e, &machine)
	writeDomains(e, domains)
	writeGuests(e, guests)
	if err := s.writeVolumes(e); err != nil {
		s.Log.Error("metrics of volumes", "error", err)
	}
	s.writeDaemons(e)
	s.writeServer(e)
	exposition.Runtime(e)
	_ = e.Flush() // the client is gone
	return nil
}

func writeMachine(e *exposition.Writer, m *hypercall.ControlMachine) {
	for _, o := range []struct {
		name, help string
		value      float64
	}{
		{"tuco_cpus", "CPUs that run vCPUs.", float64(m.CPUs)},
		{"tuco_domains", "Domains that there are, domain 0 among them.", float64(m.Domains)},
		{"tuco_memory_bytes", "Memory of the machine.", float64(m.Total) * pageSize},
		{"tuco_memory_free_bytes", "Memory that no domain has.", float64(m.Free) * pageSize},
		{"tuco_memory_kept_bytes", "Memory that the hypervisor keeps for records of domains.", float64(m.Kept) * pageSize},
		{"tuco_uptime_seconds", "Time since the machine started.", time.Duration(m.Uptime).Seconds()},
	} {
		e.Begin(o.name, exposition.Gauge, o.help)
		e.Sample(o.value)
	}
}

// writeDomains writes what the hypervisor says of domains, the control domain among them.
func writeDomains(e *exposition.Writer, list []hypercall.ControlDomain) {
	for _, m := range []struct {
		name  string
		kind  exposition.Kind
		help  string
		value func(d *hypercall.ControlDomain) float64
	}{
		{"tuco_domain_cpu_seconds_total", exposition.Counter, "Time that vCPUs of the domain have run.", func(d *hypercall.ControlDomain) float64 { return time.Duration(d.CPUTime).Seconds() }},
		{"tuco_domain_memory_bytes", exposition.Gauge, "Memory that the domain has.", func(d *hypercall.ControlDomain) float64 { return float64(d.Pages) * pageSize }},
		{"tuco_domain_memory_max_bytes", exposition.Gauge, "Memory that the domain may have.", func(d *hypercall.ControlDomain) float64 { return float64(d.MaxPages) * pageSize }},
		{"tuco_domain_vcpus", exposition.Gauge, "vCPUs of the domain.", func(d *hypercall.ControlDomain) float64 { return float64(d.VCPUs) }},
		{"tuco_domain_vcpus_online", exposition.Gauge, "vCPUs that are up.", func(d *hypercall.ControlDomain) float64 { return float64(d.Online) }},
		{"tuco_domain_event_channels", exposition.Gauge, "Event channels of the domain.", func(d *hypercall.ControlDomain) float64 { return float64(d.Ports) }},
		{"tuco_domain_grants_mapped", exposition.Gauge, "Grants of other domains that the domain has mapped.", func(d *hypercall.ControlDomain) float64 { return float64(d.Mapped) }},
	} {
		e.Begin(m.name, m.kind, m.help)
		for k := range list {
			d := &list[k]
			name, _, _ := strings.Cut(string(d.Name[:]), "\x00")
			e.Sample(m.value(d), "domain", strconv.Itoa(int(d.DomID)), "name", name)
		}
	}
}

func writeGuests(e *exposition.Writer, guests []wire.Domain) {
	e.Begin("tuco_guest_state", exposition.Gauge, "1 for the state that the guest is in.")
	for _, g := range guests {
		e.Sample(1, "guest", g.Name, "state", g.State)
	}
	e.Begin("tuco_guest_exits_total", exposition.Counter, "How often vCPUs of the guest's domain have left the guest for the hypervisor.")
	for _, g := range guests {
		e.Sample(float64(g.Exits), "guest", g.Name)
	}
	for _, m := range []struct {
		name, help string
		value      func(d *wire.Disk) uint64
	}{
		{"tuco_disk_reads_total", "Read requests of the guest's disk.", func(d *wire.Disk) uint64 { return d.Reads }},
		{"tuco_disk_writes_total", "Write requests of the guest's disk.", func(d *wire.Disk) uint64 { return d.Writes }},
		{"tuco_disk_flushes_total", "Flushes of the guest's disk.", func(d *wire.Disk) uint64 { return d.Flushes }},
		{"tuco_disk_read_bytes_total", "Bytes read from the guest's disk.", func(d *wire.Disk) uint64 { return d.BytesRead }},
		{"tuco_disk_written_bytes_total", "Bytes written to the guest's disk.", func(d *wire.Disk) uint64 { return d.BytesWritten }},
		{"tuco_disk_errors_total", "Requests to the guest's disk that were refused or have failed.", func(d *wire.Disk) uint64 { return d.Errors }},
	} {
		e.Begin(m.name, exposition.Counter, m.help)
		for _, g := range guests {
			for _, d := range g.Disks {
				e.Sample(float64(m.value(&d)), "guest", g.Name, "vdev", d.VDev, "volume", d.Volume)
			}
		}
	}
	for _, m := range []struct {
		name, help string
		value      func(n *wire.NIC) uint64
	}{
		{"tuco_nic_sent_frames_total", "Frames that the guest has sent.", func(n *wire.NIC) uint64 { return n.Sent }},
		{"tuco_nic_sent_bytes_total", "Bytes that the guest has sent.", func(n *wire.NIC) uint64 { return n.SentBytes }},
		{"tuco_nic_received_frames_total", "Frames that the guest was sent.", func(n *wire.NIC) uint64 { return n.Received }},
		{"tuco_nic_received_bytes_total", "Bytes that the guest was sent.", func(n *wire.NIC) uint64 { return n.ReceivedBytes }},
		{"tuco_nic_dropped_frames_total", "Frames from and to the guest that went nowhere.", func(n *wire.NIC) uint64 { return n.Dropped }},
	} {
		e.Begin(m.name, exposition.Counter, m.help)
		for _, g := range guests {
			for _, n := range g.NICs {
				e.Sample(float64(m.value(&n)), "guest", g.Name, "nic", n.Name)
			}
		}
	}
}

func (s *Server) writeVolumes(e *exposition.Writer) error {
	list, err := s.Volumes.List()
	if err != nil {
		return err
	}
	space := s.Volumes.Space()
	e.Begin("tuco_volumes_size_bytes", exposition.Gauge, "Room for volumes.")
	e.Sample(float64(space.Size))
	e.Begin("tuco_volumes_free_bytes", exposition.Gauge, "Room that no volume has.")
	e.Sample(float64(space.Free))
	for _, m := range []struct {
		name, help string
		value      func(k int) int64
	}{
		{"tuco_volume_size_bytes", "Size of the volume, as its guest sees it.", func(k int) int64 { return list[k].Size }},
		{"tuco_volume_allocated_bytes", "Room that the volume takes.", func(k int) int64 { return list[k].Allocated }},
		{"tuco_volume_shared_bytes", "Of that, room that other volumes use too.", func(k int) int64 { return list[k].Shared }},
	} {
		e.Begin(m.name, exposition.Gauge, m.help)
		for k := range list {
			if !strings.HasPrefix(list[k].Name, images.Prefix) {
				e.Sample(float64(m.value(k)), "volume", list[k].Name)
			}
		}
	}
	return nil
}

func (s *Server) writeDaemons(e *exposition.Writer) {
	list := s.Daemons.List()
	e.Begin("tuco_daemon_restarts_total", exposition.Counter, "How often the daemon was restarted.")
	for _, d := range list {
		e.Sample(float64(d.Restarts), "daemon", d.Name)
	}
	e.Begin("tuco_daemon_started_seconds", exposition.Gauge, "When the daemon was started last, in seconds since 1970.")
	for _, d := range list {
		e.Sample(float64(d.Started.UnixMilli())/1000, "daemon", d.Name)
	}
}

// writeServer writes what the server has answered.
func (s *Server) writeServer(e *exposition.Writer) {
	s.counts.mu.Lock()
	answers := s.counts.answers
	s.counts.mu.Unlock()
	e.Begin("tuco_api_answers_total", exposition.Counter, "Requests of the management API that were answered, by the kind of status.")
	for class, n := range answers {
		if class > 0 {
			e.Sample(float64(n), "status", fmt.Sprintf("%dxx", class))
		}
	}
	e.Begin("tuco_api_refused_tokens_total", exposition.Counter, "Requests with a wrong token, or none.")
	e.Sample(float64(s.counts.unauthorized.Load()))
}
