package bench

import (
	"fmt"
	"slices"
	"strings"
)

// An anchor is what Xen takes for an operation, of measurements that this project keeps to: they are of other runs, with a Linux domain 0 and
// a Linux guest, a RAM disk in domain 0, and the time in them in which no CPU had anything to do.
type anchor struct {
	instructions float64
	from         string
}

const (
	anchorBlock = "Debian's Xen 4.17.7, of another run: a Linux guest's direct I/O to a RAM disk of a Linux domain 0; idle time is in it"
	anchorPing  = "Debian's Xen 4.17.7, of another run: a Linux guest and a Linux domain 0; idle time is in it"
)

// anchors is by operation: guests of several kinds do the same.
var anchors = map[string]anchor{
	"block: 4 KiB read":         {93_000, anchorBlock},
	"block: 4 KiB written":      {93_000, anchorBlock},
	"block: 1 MiB read at once": {1_250_000, anchorBlock},
	"network: ping round trip":  {100_000, anchorPing},
}

// linuxGuest begins the names of rows that a stock Linux guest has measured.
const linuxGuest = "Linux guest: "

// DeviceOps is what the measuring guests have to have measured of disks and networks.
func DeviceOps() []string {
	return []string{
		"block: 4 KiB read", "block: 4 KiB written", "block: 1 MiB read at once", "block: 1 MiB written at once",
		"network: ping round trip", "network: 1500-byte packet to another guest", "network: 64 KiB packet to another guest",
	}
}

// StoreOps is what they have to have measured of the store.
func StoreOps() []string {
	ops := []string{"xenstore: a guest's read", "xenstore: a guest's transaction of one write"}
	for _, domains := range [...]int{10, 1000} {
		for _, op := range [...]string{"read", "transaction of three writes"} {
			ops = append(ops, fmt.Sprintf("xenstore: %s, nodes of %d domains", op, domains))
		}
	}
	return ops
}

// JoinDevices adds rows of what guests have measured beside a control domain, with the stub and without it. What Xen takes is not
// measured here but known: see Line.XenFrom. The error tells which operations are missing.
func (r *Report) JoinDevices(tuco, stubOff Table) error {
	return r.joinDevices("", slices.Concat(DeviceOps(), StoreOps(), ControlOps()), tuco, stubOff)
}

// JoinLinuxGuest is JoinDevices for what a stock Linux guest has measured.
func (r *Report) JoinLinuxGuest(tuco, stubOff Table) error {
	return r.joinDevices(linuxGuest, append(DeviceOps(), ControlOps()...), tuco, stubOff)
}

func (r *Report) joinDevices(prefix string, ops []string, tuco, stubOff Table) error {
	var missing []string
	for _, op := range ops {
		on, off := tuco.find(op), stubOff.find(op)
		if on == nil || off == nil {
			missing = append(missing, op)
			continue
		}
		l := r.line(prefix+op, on, off, nil)
		l.elsewhere = true
		l.Modelled = nil // the exits are the guest's, and others have worked too
		if a, ok := anchors[op]; ok {
			l.Xen, l.XenFrom, l.Ratio = &a.instructions, a.from, rounded(on.Ticks/a.instructions)
		}
		r.Rows = append(r.Rows, l)
		r.Totals.add(l)
	}
	if missing != nil {
		return fmt.Errorf("no guest has measured %s", strings.Join(missing, "; "))
	}
	return nil
}
