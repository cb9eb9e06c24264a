package config

import "net/netip"

// Limits of a guest.
const (
	MaxMemory = 16 << 20 // MiB
	MaxVCPUs  = 64
	MaxWeight = 65535
	MaxDisks  = 26
	MaxVIFs   = 8

	MaxIOPorts  = 16 // ranges
	MaxIOMemory = 16 // ranges: as many as the hypervisor gives a domain

	DefaultWeight = 256
)

// TypePV is the one type of guest there is: a paravirtual domain.
const TypePV = "pv"

// Guest is what a guest.cfg says. Its JSON has the names of the file's keys.
type Guest struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Kernel  string `json:"kernel"`
	Ramdisk string `json:"ramdisk,omitempty"` // empty: none
	Extra   string `json:"extra,omitempty"`   // the kernel's command line
	Memory  int    `json:"memory"`            // MiB
	VCPUs   int    `json:"vcpus"`
	Weight  int    `json:"cpu_weight"` // a guest of twice the weight gets twice the time where time is scarce
	Cap     int    `json:"cap"`        // percent of one CPU that it gets at most; 0: no limit
	Disks   []Disk `json:"disk,omitempty"`
	VIFs    []VIF  `json:"vif,omitempty"`

	IOPorts  []Ports  `json:"ioports,omitempty"` // of the machine's, and nobody else's
	IOMemory []Frames `json:"iomem,omitempty"`   // likewise

	OnPoweroff Action `json:"on_poweroff"`
	OnReboot   Action `json:"on_reboot"`
	OnCrash    Action `json:"on_crash"`
}

// Action is what becomes of a guest that has ended.
type Action string

// The actions. A preserved guest keeps its memory, for a look at it, until it is destroyed by command.
const (
	Destroy  Action = "destroy"
	Restart  Action = "restart"
	Preserve Action = "preserve"
)

var actions = []string{string(Destroy), string(Restart), string(Preserve)}

// Disk is a volume as a guest's virtual disk.
type Disk struct {
	Volume   string `json:"volume"`
	VDev     string `json:"vdev"` // xvda…, by which the guest knows it
	ReadOnly bool   `json:"read_only,omitempty"`
}

// VIF is a virtual network interface.
type VIF struct {
	MAC    MAC        `json:"mac"`
	Bridge string     `json:"bridge,omitempty"` // empty: the host's own
	IP     netip.Addr `json:"ip,omitzero"`      // the only address that it may send from; the zero one: any that it was given
}
