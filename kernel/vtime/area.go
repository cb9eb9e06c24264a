package vtime

import "tuco/kernel/sharedinfo"

// Area is a place in a guest's memory that we write to, 32 or 64 bits at a time,
// at an offset in bytes. A write that is in one page is one store. False means
// that the place can't be written now, and the rest is not tried.
type Area interface {
	Put32(offset uint32, v uint32) bool
	Put64(offset uint32, v uint64) bool
}

// timeWords is the vcpu_time_info in a vCPU's vcpu_info as an Area.
type timeWords sharedinfo.Time

func (t *timeWords) Put32(offset uint32, v uint32) bool {
	switch offset {
	case timeVersion:
		t.Version.Store(v)
	case timeMul:
		t.Mul.Store(v)
	case timeRest:
		t.Rest.Store(v)
	}
	return true
}

func (t *timeWords) Put64(offset uint32, v uint64) bool {
	switch offset {
	case timeTimestamp:
		t.Timestamp.Store(v)
	case timeSystem:
		t.System.Store(v)
	}
	return true
}
