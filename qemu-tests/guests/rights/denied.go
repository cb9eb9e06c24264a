package rights

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// control is room for whatever a command takes.
var control [256]uint64

// denied is that a domain without rights gets nothing of the control interface, not even to know its version.
func denied(t *pv.T) {
	const more = 20 // numbers of no commands
	for cmd := range uint64(hypercall.CONTROLOP_set_context + more) {
		for _, version := range [...]uint64{hypercall.CONTROL_VERSION, 0, 1 << 31} {
			for i := range control {
				control[i] = 1
			}
			t.Errno("control_op", pv.Call(hypercall.HYPERVISOR_control_op, version, cmd, pv.Address(&control), 0, 0), hypercall.EPERM)
			for i := range control {
				t.Check(control[i] == 1, "command %d has written something", cmd)
			}
		}
		t.Errno("control_op at no address", pv.Call(hypercall.HYPERVISOR_control_op, hypercall.CONTROL_VERSION, cmd, 1<<62, 0, 0), hypercall.EPERM)
	}
}
