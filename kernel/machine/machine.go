package machine

import (
	"tuco/kernel/evtchn"
	"tuco/kernel/pagetype"
	"tuco/kernel/pmm"
	"tuco/kernel/sched"
)

// What there is one of.
var (
	RAM       pmm.Allocator   // the frames
	Types     pagetype.Frames // what domains use them as
	Scheduler sched.Scheduler // which vCPU runs where
	Channels  evtchn.System   // what connects domains
	Buckets   evtchn.Memory   // of event channels
)

// Init prepares all of it, once RAM works and before any domain is made.
func Init() {
	initTypes()
	Scheduler.Init()
	Channels.Init()
	InitGifts()
	InitPools(&source)
}
