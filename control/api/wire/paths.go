package wire

// The paths. NAME is a guest's, a volume's or a daemon's name, escaped as in any URL.
const (
	PathHost    = "/v1/host"    // GET: a Host
	PathDomains = "/v1/domains" // GET: a list of Domain. POST: a form with the parts below; 201 and the Domain
	PathVolumes = "/v1/volumes" // GET: Volumes. POST: a NewVolume; 201 and the Volume
	PathDaemons = "/v1/daemons" // GET: a list of Daemon
	PathTrace   = "/v1/trace"   // GET: a TraceHead, and what the hypervisor records from now on, until the client leaves
	PathMetrics = "/metrics"    // GET: Prometheus's text format
	PathOpenAPI = "/openapi.json"
)

// PowerOff behind PathHost, POST: ends all guests, and the host; 202.
const PowerOff = "/poweroff"

// What follows the name of a guest, volume or daemon behind PathDomains, PathVolumes or PathDaemons. The names alone are a guest, for GET (a Domain) and DELETE, and
// a volume, for DELETE.
const (
	Pause    = "/pause"    // POST
	Unpause  = "/unpause"  // POST
	Shutdown = "/shutdown" // POST: asks the guest, which may not listen
	Reboot   = "/reboot"   // POST: likewise

	Scheduling = "/schedule" // PUT: a Schedule; the Domain

	Reports = "/reports" // GET: a list of Report
	Console = "/console" // GET: text, the last of what the guest has written; with Upgrade: ConsoleProtocol, the console itself

	Capture = "/capture" // GET: a file of pcap, with the frames of a network interface as they come. Takes ?interface=, the interface's number

	Snapshots = "/snapshots" // POST: a NewSnapshot; 201 and the Volume
	Content   = "/content"   // PUT: makes a volume of an image, 201 and the Volume. GET: the image. Both take ?format=

	Restart = "/restart" // POST
)

// The parts of the form that makes a guest, in this order: the text of a guest.cfg, and the files that it names. What it calls them does not matter.
const (
	PartConfig  = "config"
	PartKernel  = "kernel"
	PartRamdisk = "ramdisk" // only where the guest.cfg has one
)

// Formats of a volume's content: the values of the query's "format". Without one it is raw.
const (
	QueryFormat = "format"
	FormatRaw   = "raw"
	FormatQCOW2 = "qcow2"
)

// ConsoleProtocol is what an Upgrade to a guest's console names. After "101 Switching Protocols" the connection has the guest's output, what it wrote
// last first, and the user's input, as they are.
const ConsoleProtocol = "tuco-console"

// QueryInterface is a network interface's number, for Capture; without it, it is the first, which is 0. CaptureType is the Content-Type.
const (
	QueryInterface = "interface"
	CaptureType    = "application/vnd.tcpdump.pcap"
)

// Bearer is what stands before the token in the header Authorization.
const Bearer = "Bearer "
