package hypercall

// XenbusState is enum xenbus_state: how far one end of a device has come. Each
// end writes its own to the node "state" of its directory in the store. Public
// header io/xenbus.h.
type XenbusState uint32

// The states, in the order in which a device goes through them.
const (
	XenbusStateUnknown       XenbusState = 0
	XenbusStateInitialising  XenbusState = 1
	XenbusStateInitWait      XenbusState = 2 // the back end has said what it can do
	XenbusStateInitialised   XenbusState = 3 // the front end has said what it wants
	XenbusStateConnected     XenbusState = 4
	XenbusStateClosing       XenbusState = 5
	XenbusStateClosed        XenbusState = 6
	XenbusStateReconfiguring XenbusState = 7
	XenbusStateReconfigured  XenbusState = 8
)
