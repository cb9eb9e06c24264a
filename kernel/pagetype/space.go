package pagetype

import (
	"sync/atomic"

	"tuco/kernel/frame"
)

// Space is what a domain's page tables are judged by. Its user guards it by
// the domain's lock: see the package comment.
type Space struct {
	Owner     Owner         // constant
	TLBs      int           // number of vCPUs; grows only
	IO        []frame.Range // frames that are not RAM and that the domain may always map
	SafeAbove frame.MAddr   // no memory or device from here up: see harmless
	Slots     [Slots]PTE    // what the reserved slots of every L4 hold; constant once there is one

	gifts [MaxGifts]gift // the first given, in no order
	given int

	doomed  uint32 // first of the tables that are being given back, or nolink
	flushed [MaxTLBs]atomic.Uint64
}

// Init makes a space of no tables, whose vCPUs have no translations.
func (s *Space) Init(o Owner, tlbs int) {
	s.Owner, s.TLBs = o, tlbs
	s.doomed, s.given = nolink, 0
	for i := range s.flushed {
		s.flushed[i].Store(Clean)
	}
}

// mayMap tells whether a frame that is not RAM is one that the domain may map. Then it counts as mapped.
func (s *Space) mayMap(m frame.MFN) bool {
	for i := range s.IO {
		if s.IO[i].Contains(m) {
			return true
		}
	}
	if g := s.giftOf(m); g != nil {
		g.mapped++
		return true
	}
	return false
}

// Work is one call's account: what it may cost, and what must follow. It
// belongs to one CPU.
type Work struct {
	// Budget is how many page-table entries may still be looked at, roughly. A
	// call that finds it used up stops and returns Again; each call gets
	// at least a little done.
	Budget int
	// Need is what has to be flushed when a call has returned FlushFirst.
	Need Need

	frames *Frames
	space  *Space
	from   Owner // whose frames new L1 entries may map
	freed  uint32
}

// Init starts an account of work on a space. New L1 entries may map
// frames of the owner from, which but for privileged domains is the space's own.
func (w *Work) Init(f *Frames, s *Space, from Owner, budget int) {
	w.Budget, w.Need = budget, Need{}
	w.frames, w.space, w.from, w.freed = f, s, from, nolink
}

// Foreign tells whether new L1 entries map frames of another owner than the
// space's own.
func (w *Work) Foreign() bool { return w.from != w.space.Owner }
