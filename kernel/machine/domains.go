package machine

import (
	"sync/atomic"

	"tuco/hypercall"
	"tuco/kernel/domain"
	"tuco/kernel/evtchn"
	"tuco/kernel/grant"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/pagetype"
	"tuco/kernel/pool"
)

// Limits of the machine.
const (
	MaxDomains = 64
	maxVCPUs   = 1024
	maxBuckets = MaxDomains * 64
)

var (
	source  = pool.Frames{Allocator: &RAM}
	domains pool.Pool[domain.Domain]
	vcpus   pool.Pool[domain.VCPU]
	buckets pool.Pool[evtchn.Bucket]

	// places leads from a domain's number to its record's address as long as there is
	// such a domain; byID as long as it is to be found.
	places, byID [MaxDomains]atomic.Uint64

	// made counts the domains that were ever made, and tries the numbers that were
	// tried for one.
	made  atomic.Uint64
	tries atomic.Uint32
)

// InitPools says where the records of domains and vCPUs are kept.
func InitPools(source pool.Source) {
	for _, r := range [...]pool.Result{
		domains.Init(source, MaxDomains),
		vcpus.Init(source, maxVCPUs),
		buckets.Init(source, maxBuckets),
	} {
		if r != pool.OK {
			klog.Bugf("machine: %s", klog.S(r.String()))
		}
	}
	Buckets = evtchn.Memory{New: newBucket, Free: freeBucket}
}

// KeptFrames is how many frames the records of domains, of vCPUs and of event
// channels take, and those of grants that domains have mapped: as many as there ever were at
// once, the last ones in a domain's life.
func KeptFrames(h *lock.Holder) uint64 {
	var d, v, b pool.Stats
	domains.Stats(h, &d)
	vcpus.Stats(h, &v)
	buckets.Stats(h, &b)
	n := d.Frames + v.Frames + b.Frames
	for id := range domain.ID(MaxDomains) {
		if d := Owner(id); d != nil {
			n += uint64(d.Mappings.Room() / grant.PerPage)
		}
	}
	return n
}

func newBucket(h *lock.Holder) *evtchn.Bucket {
	b, _, _ := buckets.Make(h)
	return b
}

func freeBucket(h *lock.Holder, b *evtchn.Bucket) { buckets.Free(h, buckets.Ref(b)) }

// NewDomain makes a domain. The number of the privileged one is 0; others get one that
// was free for as long as may be, since somebody may still mean the last domain that had it.
// Nil: there is no number, or no memory. Nobody else finds it before Publish.
func NewDomain(h *lock.Holder, privileged bool) *domain.Domain {
	d, ref, r := domains.Make(h)
	if r != pool.OK {
		return nil
	}
	if !takeNumber(d, privileged) {
		domains.Free(h, ref)
		return nil
	}
	d.Serial.Store(made.Add(1))
	d.Code = domain.NoCode
	d.Lock.Init(lock.Pool)
	d.Grants.Init(pagetype.Owner(d.ID))
	d.Mappings.Init()
	initWatchdogs(d)
	return d
}

// takeNumber finds the domain a number. Another CPU may be making one too.
func takeNumber(d *domain.Domain, privileged bool) bool {
	if privileged {
		return places[0].CompareAndSwap(0, recordAddress(d))
	}
	const others = MaxDomains - 1
	for range others {
		id := domain.ID(1 + (tries.Add(1)-1)%others)
		if places[id].CompareAndSwap(0, recordAddress(d)) {
			d.ID = id
			return true
		}
	}
	return false
}

// Publish lets others find the domain.
func Publish(d *domain.Domain) {
	byID[d.ID].Store(places[d.ID].Load()) // release: all of it is in place
}

// Find is the domain of that number, or nil. It stays for as long as this CPU's
// round.
func Find(id domain.ID) *domain.Domain { return at(&byID, id) }

// Owner is the domain of that number, to be found or not. It stays as long as a
// frame of it that is known to the caller, or a bit of it in Ended.
func Owner(id domain.ID) *domain.Domain { return at(&places, id) }

func at(table *[MaxDomains]atomic.Uint64, id domain.ID) *domain.Domain {
	if int(id) >= len(table) {
		return nil
	}
	return recordAt(table[id].Load()) // acquire
}

// Domains is how many there are, those too that are being taken apart.
func Domains() (n uint32) {
	for id := range places {
		if places[id].Load() != 0 {
			n++
		}
	}
	return n
}

// Dying describes a domain that is being taken apart. False: this one is not, or is gone. Only
// what is atomic is read: the record may become another domain's meanwhile, which is told of
// then; records stay records.
func Dying(id domain.ID, x *hypercall.ControlDomain) bool {
	if Ended.Load()>>id&1 == 0 {
		return false
	}
	d := Owner(id)
	if d == nil {
		return false
	}
	x.DomID, x.Serial = hypercall.DomID(id), d.Serial.Load()
	x.Flags = hypercall.CONTROLDOM_dying | hypercall.CONTROLDOM_shutdown
	x.Pages = uint64(max(d.Pages.Load(), 0))
	return true
}

// Ended has a bit for each domain that has shut down and is to be taken apart.
var Ended atomic.Uint64

// Withdraw makes sure that nobody finds the domain from now on. Its number stays
// taken.
func Withdraw(d *domain.Domain) { byID[d.ID].Store(0) }

// FreeDomain ends a domain's record, which nobody uses any more.
func FreeDomain(h *lock.Holder, d *domain.Domain) {
	id := d.ID
	for _, v := range d.VCPUs() {
		vcpus.Free(h, vcpus.Ref(v))
	}
	domains.Free(h, domains.Ref(d))
	Ended.And(^(uint64(1) << id))
	places[id].Store(0) // the last: from here on the number is another's
}

// NewVCPU makes a vCPU, all zero; nil: there is no memory.
func NewVCPU(h *lock.Holder) *domain.VCPU {
	v, ref, _ := vcpus.Make(h)
	if v != nil {
		v.Entity.Arg = uint64(ref.Index)
	}
	return v
}

// FreeVCPU ends the record of a vCPU that was never used.
func FreeVCPU(h *lock.Holder, v *domain.VCPU) { vcpus.Free(h, vcpus.Ref(v)) }

// VCPUAt is the vCPU that an entity's Arg leads to.
func VCPUAt(arg uint64) *domain.VCPU { return vcpus.At(uint32(arg)) }
