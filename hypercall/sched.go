package hypercall

// The commands of sched_op. Public header sched.h.
const (
	SCHEDOP_yield           = 0 // let others run
	SCHEDOP_block           = 1 // unmask upcalls, and wait for one
	SCHEDOP_shutdown        = 2 // SchedShutdown: the domain stops
	SCHEDOP_poll            = 3 // SchedPoll: wait for one of some ports
	SCHEDOP_remote_shutdown = 4 // SchedRemoteShutdown: stop another domain
	SCHEDOP_shutdown_code   = 5 // SchedShutdown: the reason of a later shutdown
	SCHEDOP_watchdog        = 6 // SchedWatchdog
	SCHEDOP_pin_override    = 7 // SchedPinOverride
)

// Why a domain stops.
const (
	SHUTDOWN_poweroff   = 0 // it is done
	SHUTDOWN_reboot     = 1 // it wants to start again
	SHUTDOWN_suspend    = 2 // it is ready to be saved
	SHUTDOWN_crash      = 3 // it has failed
	SHUTDOWN_watchdog   = 4 // its watchdog was not fed in time
	SHUTDOWN_soft_reset = 5 // it wants a fresh start with its memory kept
	SHUTDOWN_MAX        = 5
)

// SchedShutdown is struct sched_shutdown.
type SchedShutdown struct {
	Reason uint32 // SHUTDOWN_*
}

// SchedPoll is struct sched_poll: which ports to wait for.
type SchedPoll struct {
	Ports   Handle[Port]
	NrPorts uint32
	_       uint32
	Timeout uint64 // system time in nanoseconds; 0: none
}

// SchedRemoteShutdown is struct sched_remote_shutdown.
type SchedRemoteShutdown struct {
	DomainID DomID
	_        uint16
	Reason   uint32 // SHUTDOWN_*
}

// SchedWatchdog is struct sched_watchdog. ID 0 asks for a new watchdog, whose
// ID is the result; timeout 0 ends one.
type SchedWatchdog struct {
	ID      uint32
	Timeout uint32 // seconds
}

// SchedPinOverride is struct sched_pin_override: the pCPU on which the calling
// vCPU has to stay; negative: as before.
type SchedPinOverride struct{ Pcpu int32 }
