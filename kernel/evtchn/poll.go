package evtchn

import (
	"math/bits"

	"tuco/hypercall"
)

// MaxPollPorts is how many ports one SCHEDOP_poll may name.
const MaxPollPorts = 128

// Poll begins a vCPU's wait for one of these ports to become pending. False means
// that it has to wait: the caller blocks it, by whichever means notices a wake
// that comes from now on, and calls EndPoll when it runs again, for whatever
// reason. True means that it need not: a port is pending or an upcall is due.
//
// EINVAL: more than MaxPollPorts, or a port does not exist (ports before it that
// are pending win).
func (d *Domain) Poll(vcpu uint32, ports []hypercall.Port) (ready bool, e hypercall.Errno) {
	v := d.vcpu(vcpu)
	if v == nil || len(ports) > MaxPollPorts {
		return false, hypercall.EINVAL
	}
	d.beginPoll(v, ports)
	if ready, e = d.checkPoll(v, ports); ready || e != 0 {
		d.EndPoll(vcpu)
	}
	return ready, e
}

// beginPoll says that the vCPU polls. From now on a port that becomes pending
// ends it.
func (d *Domain) beginPoll(v *VCPU, ports []hypercall.Port) {
	only := hypercall.Port(0)
	if len(ports) == 1 {
		only = ports[0]
	}
	v.pollPort.Store(uint32(only))
	// A locked operation: a sender who does not see the bit has made its port
	// pending before checkPoll looks.
	d.polling.Or(1 << v.id)
}

func (d *Domain) checkPoll(v *VCPU, ports []hypercall.Port) (ready bool, e hypercall.Errno) {
	if info := v.Info(); info != nil && info.Deliverable() {
		return true, 0
	}
	for _, n := range ports {
		if d.find(n) == nil {
			return false, hypercall.EINVAL
		}
		if d.Page.Pending[n/64].Load()>>(n%64)&1 != 0 {
			return true, 0
		}
	}
	return false, 0
}

// EndPoll is called when a vCPU that polled runs again.
func (d *Domain) EndPoll(vcpu uint32) { d.polling.And(^(uint64(1) << (vcpu & 63))) }

// endPolls ends those of the polls that wait for this port, or for any, and
// returns whose they were. Each poll is ended by one sender only.
func (d *Domain) endPolls(polling uint64, n hypercall.Port) (ended uint64) {
	for ; polling != 0; polling &= polling - 1 {
		vcpu := bits.TrailingZeros64(polling)
		only := d.vcpus[vcpu].pollPort.Load()
		if bit := uint64(1) << vcpu; only == 0 || only == uint32(n) {
			ended |= d.polling.And(^bit) & bit
		}
	}
	return ended
}
