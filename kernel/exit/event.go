package exit

import "tuco/kernel/x86"

// EventKind tells the ways of delivery apart; both vendors number them alike.
type EventKind uint8

// The kinds of event.
const (
	EventInterrupt EventKind = 0 // an external interrupt
	EventNMI       EventKind = 2
	EventException EventKind = 3 // a fault, trap or abort of the processor's
	EventSoftware  EventKind = 4 // INT n
)

// Event is something to deliver through the guest's interrupt table at the
// next entry, or that an exit kept from being delivered.
type Event struct {
	Vector    x86.Vector
	Kind      EventKind
	HasCode   bool // push ErrorCode
	ErrorCode uint32
	Length    uint8 // EventSoftware: length of the instruction, in bytes
}

// Fault is the event of an exception, with its error code where the exception has one.
func Fault(v x86.Vector, code uint32) Event {
	return Event{Vector: v, Kind: EventException, HasCode: v.HasErrorCode(), ErrorCode: code}
}

// External is the event of an external interrupt.
func External(v x86.Vector) Event { return Event{Vector: v, Kind: EventInterrupt} }
