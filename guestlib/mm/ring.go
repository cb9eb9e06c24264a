package mm

import (
	"tuco/guestlib/console"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/paging"
	"tuco/hypercall"
)

// The queue's updates go by an update ring where the hypervisor has such a thing, which is Tuco, and else by mmu_update. The
// variable TUCO_PAGING of the program's environment (env.TUCO_PAGING=… on the command line) says which of the two is wanted:
// ring or calls.
//
// There is one ring, the first vCPU's: any vCPU can have it drained, and the queue is behind one lock anyway.

const (
	transportVariable = "env.TUCO_PAGING="

	ringVCPU   = 0
	ringFrames = hypercall.TucoRingFrames
	ringSlots  = (ringFrames - 1) * hypercall.TucoRingSlots
)

// ringPages is where the ring lies, or 0 if it has no pages. They are taken once.
var ringPages uint64

// beginRing has the queue use a ring, if there is one and the command line wants it.
func beginRing(line []byte) {
	switch wish := valueOf(line, transportVariable); string(wish) {
	case "calls":
	case "":
		joinRing()
	case "ring":
		if !joinRing() {
			console.Fatal("TUCO_PAGING=ring: this hypervisor has no update ring; with calls, or without the variable, there is mmu_update")
		}
	default:
		console.Fatal("TUCO_PAGING takes ring or calls")
	}
}

// valueOf is what a word of the command line has behind a prefix; nothing if there is no such word.
func valueOf(line []byte, prefix string) []byte {
	for at := 0; at < len(line) && line[at] != 0; {
		end := at
		for end < len(line) && line[end] != ' ' && line[end] != 0 {
			end++
		}
		if word := line[at:end]; len(word) >= len(prefix) && string(word[:len(prefix)]) == prefix {
			return word[len(prefix):]
		}
		for at = end; at < len(line) && line[at] == ' '; at++ {
		}
	}
	return nil
}

// joinRing registers the ring, and tells whether the hypervisor took it.
func joinRing() bool {
	if hypercalls.TucoFeatures()>>hypercall.TUCOFEAT_update_ring&1 == 0 || !allocRing() {
		return false
	}
	var arg hypercall.TucoRingRegister
	arg.NrFrames = ringFrames
	for i := range arg.Frames {
		arg.Frames[i] = hypercall.XenPFN(Machine(ringPages+uint64(i)*PageSize) / PageSize)
	}
	if hypercalls.TucoOp(hypercall.TUCOOP_ring_register, &arg) != 0 {
		return false
	}
	queue.Join(paging.Ring{
		Shared: hypercalls.At[hypercall.TucoRing](ringPages),
		Slots:  hypercalls.At[[ringSlots]hypercall.MMUUpdate](ringPages + PageSize)[:],
		Kick:   kickRing,
	})
	return true
}

func kickRing() hypercall.Errno { return hypercalls.KickRing(ringVCPU) }

// allocRing takes pages that lie side by side, as the pool's do that were in use by nobody yet.
func allocRing() bool {
	if ringPages != 0 {
		return true
	}
	if pool.end-pool.next < (ringFrames+reserve)*PageSize {
		return false
	}
	ringPages = pool.next
	pool.next += ringFrames * PageSize
	return true
}

// LeaveRing returns when the hypervisor has answered for all that it was asked, and has updates go by mmu_update from now on. It tells
// whether they went by the ring. The first vCPU calls it.
func LeaveRing() (rode bool) {
	lock.Lock()
	wait()
	if rode = queue.Leave(); rode {
		hypercalls.TucoOp[byte](hypercall.TUCOOP_ring_unregister, nil)
	}
	lock.Unlock()
	return rode
}

// JoinRing has updates go by the ring, and tells whether they can. The first vCPU calls it.
func JoinRing() (ok bool) {
	lock.Lock()
	wait()
	ok = queue.Rides() || joinRing()
	lock.Unlock()
	return ok
}

// forget returns when all updates are made, and whoever may look at the address space has forgotten what was there before.
func forget() {
	if !several { // the flush finds the ring drained, as every hypercall of its vCPU does
		queue.Send()
		if queue.Rides() {
			flush()
			if queue.Done(queue.Last()) {
				wait()
				return
			}
		}
	}
	wait()
	flush()
}
