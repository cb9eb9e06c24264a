// Package clock tells the time, by the processor's time stamp counter and what the hypervisor says of it.
package clock

import (
	"sync/atomic"

	"tuco/hypercall"
)

// wall is how many nanoseconds after 1970 the system time began.
var wall uint64

// SetWall reads the wall clock.
func SetWall(shared *hypercall.SharedInfo) {
	for {
		version := atomic.LoadUint32(&shared.WcVersion)
		at := (uint64(shared.WcSecHi)<<32|uint64(shared.WcSec))*second + uint64(shared.WcNsec)
		if version&1 == 0 && atomic.LoadUint32(&shared.WcVersion) == version {
			wall = at
			return
		}
	}
}

const second = 1_000_000_000

// latest is the latest system time that was read, where it is kept.
//
//lint:ignore U1000 the assembly code refers to it
var latest uint64

// Now is the system time: nanoseconds since the host started. Events are masked.
func Now() uint64

// Wall is nanoseconds since 1970.
func Wall() uint64 { return wall + Now() }

// TSC is the processor's time stamp counter.
func TSC() uint64

// GettimeAt is the address of a function that the Go runtime may call in place of Linux' vDSO's clock_gettime.
func GettimeAt() uint64
