package sched

// profile is a timer for profilers: a vCPU's thread gets a signal each time that the vCPU has run threads for a while.
type profile struct {
	signal uint64 // its number
	every  uint64 // nanoseconds; 0: never
}

// Profile has threads get a signal each time that a vCPU has run them for so many nanoseconds; 0 ends that.
func Profile(signal, every uint64) { the.setProfile(profile{signal, every}) }

func (s *scheduler) setProfile(p profile) {
	s.lock.Lock()
	s.profile = p
	own := s.vcpu()
	for i := range s.vcpus[:s.up] {
		v := &s.vcpus[i]
		v.sampleAt = 0
		if v != own && !v.waits {
			s.calls |= 1 << v.id // it sets its timer then
		}
	}
	s.arm(own, s.now())
	s.unlock()
}

// nextSample is when the thread that the vCPU runs gets the signal, or 0.
func (s *scheduler) nextSample(v *vcpu, now uint64) uint64 {
	if s.profile.every == 0 {
		return 0
	}
	if v.sampleAt == 0 {
		v.sampleAt = now + s.profile.every
	}
	return v.sampleAt
}

// sample gives the signal to the thread that an event has interrupted, if it is time.
func (s *scheduler) sample(v *vcpu, now uint64) {
	if s.profile.every != 0 && v.sampleAt != 0 && now >= v.sampleAt {
		v.current.Signals.Pending.Or(1 << (s.profile.signal - 1))
		v.sampleAt = 0
	}
}
