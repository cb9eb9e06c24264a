// Package clock tests what a guest knows of time: its clocks, its timers, and how it has spent its time.
package clock

import "tuco/qemu-tests/guests/pv"

// Group is the tests.
var Group = pv.Group{Name: "clock", Tests: []pv.Test{
	{Name: "first-timer", Run: firstTimer},
	{Name: "monotonic", Run: monotonic},
	{Name: "version", Run: version},
	{Name: "area", Run: area},
	{Name: "wall", Run: wall},
	{Name: "set-wall", Run: setWall},
	{Name: "timer", Run: timer},
	{Name: "timer-past", Run: timerPast},
	{Name: "timer-absurd", Run: timerAbsurd},
	{Name: "timer-replaced", Run: timerReplaced},
	{Name: "singleshot", Run: singleshot},
	{Name: "singleshot-refused", Run: singleshotRefused},
	{Name: "periodic", Run: periodic},
	{Name: "periodic-refused", Run: periodicRefused},
	{Name: "runstate", Run: runstate},
	{Name: "runstate-area", Run: runstateArea},
	{Name: "runstate-flag", Run: runstateFlag},
}}

// noVCPU is the number of a vCPU that does not exist.
const noVCPU = 99
