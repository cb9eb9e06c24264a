package wire

import (
	"time"

	"tuco/control/config"
)

// Error is the body of an answer with a status of 400 or above. 400: the request is wrong; 401: the token is; 404: there is no such thing; 405: the method is
// not one of this path; 409: not now, or not in this state, or there is one already; 413: the body is too large; 415: it is of another kind; 507: there is
// no room, on the disk, in memory, or in a quota; 501: this host has no such thing; 503: too many connections; 500: it could not be done.
type Error struct {
	Error string `json:"error"` // what is wrong, and what to do
}

// Host is the machine with all that is in it.
type Host struct {
	Version string  `json:"version"` // of the control domain
	Uptime  float64 `json:"uptime"`  // of the machine
	CPUs    int     `json:"cpus"`    // that run vCPUs
	Memory  Space   `json:"memory"`
	Volumes Space   `json:"volumes"`
	Domains int     `json:"domains"` // that the hypervisor has, domain 0 among them
	Guests  int     `json:"guests"`
	Address string  `json:"address,omitempty"` // in the network that the host is in

	Collector Collector `json:"collector"`
}

// Collector is of the control domain's garbage collector: how long it has kept guests' rings waiting, since the start.
type Collector struct {
	Collections uint64  `json:"collections"`
	LongestStop float64 `json:"longest_stop"` // of all the control domain
	LongestWait float64 `json:"longest_wait"` // of a goroutine that could run, for whatever reason
}

// Space is how much there is of something, and how much of it nobody has.
type Space struct {
	Size int64 `json:"size"`
	Free int64 `json:"free"`
}

// Domain is a guest.
type Domain struct {
	Name    string        `json:"name"`
	State   string        `json:"state"`         // building, running, paused, ended or failed
	Why     string        `json:"why,omitempty"` // of ended and failed
	Domain  int           `json:"domain"`        // the hypervisor's number, as long as the guest has a domain; else 0
	Memory  int64         `json:"memory"`        // that it has now
	VCPUs   int           `json:"vcpus"`
	CPUTime float64       `json:"cpu_time"` // of all vCPUs of this domain, since it was made
	Exits   uint64        `json:"exits"`    // how often they have left the guest
	Ports   int           `json:"ports"`    // event channels
	Disks   []Disk        `json:"disks"`
	NICs    []NIC         `json:"nics"`
	Config  *config.Guest `json:"config"` // by the keys of guest.cfg
}

// Disk is how much a guest has used one of its disks.
type Disk struct {
	VDev         string `json:"vdev"`
	Volume       string `json:"volume"`
	Reads        uint64 `json:"reads"`
	Writes       uint64 `json:"writes"`
	Flushes      uint64 `json:"flushes"`
	BytesRead    uint64 `json:"bytes_read"`
	BytesWritten uint64 `json:"bytes_written"`
	Errors       uint64 `json:"errors"` // requests that were refused or have failed
}

// NIC is how much a guest has used one of its network interfaces.
type NIC struct {
	Name          string `json:"name"` // its port in the switch
	MAC           string `json:"mac"`
	Address       string `json:"address,omitempty"`
	Sent          uint64 `json:"sent"` // frames, by the guest
	SentBytes     uint64 `json:"sent_bytes"`
	Received      uint64 `json:"received"`
	ReceivedBytes uint64 `json:"received_bytes"`
	Dropped       uint64 `json:"dropped"` // frames from and to the guest that went nowhere
}

// Report is what was kept of a guest's crash.
type Report struct {
	Guest  string            `json:"guest"`
	Domain int               `json:"domain"`
	Time   time.Time         `json:"time"`
	Lived  float64           `json:"lived"`
	Reason string            `json:"reason"`
	Texts  map[string]string `json:"texts"` // evidence by its name, such as the end of the console
}

// Volumes are the volumes of the host's disk.
type Volumes struct {
	Space   Space    `json:"space"`
	Volumes []Volume `json:"volumes"`
}

// Volume is a volume, or a snapshot of one, whose name is VOLUME@SNAPSHOT.
type Volume struct {
	Name      string    `json:"name"`
	Size      int64     `json:"size"`      // as its guest sees it
	Allocated int64     `json:"allocated"` // of the disk
	Shared    int64     `json:"shared"`    // of these, those that other volumes use too
	ReadOnly  bool      `json:"read_only"` // a snapshot
	Open      bool      `json:"open"`      // somebody uses it
	Created   time.Time `json:"created"`
}

// NewVolume asks for an empty volume of a size, a multiple of 512, or for a clone of another one.
type NewVolume struct {
	Name  string `json:"name"`
	Size  int64  `json:"size,omitempty"`
	Clone string `json:"clone,omitempty"` // VOLUME or VOLUME@SNAPSHOT
}

// NewSnapshot asks for a snapshot of a volume, VOLUME@Name.
type NewSnapshot struct {
	Name string `json:"name"`
}

// Daemon is a part of the control domain that can be restarted by itself.
type Daemon struct {
	Name     string    `json:"name"`  // block, network, console or store
	State    string    `json:"state"` // running or stopped
	Started  time.Time `json:"started"`
	Restarts int       `json:"restarts"`
	Clients  int       `json:"clients"`       // devices, consoles or connections that it serves
	Why      string    `json:"why,omitempty"` // what was wrong last
}

// Schedule is a guest's share of the CPUs, as in a guest.cfg. What is not there stays as it is.
type Schedule struct {
	Weight *int `json:"cpu_weight,omitempty"`
	Cap    *int `json:"cap,omitempty"`
}
