package main

import (
	"tuco/kernel/cmdline"
	"tuco/kernel/crash"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/percpu"
	"tuco/kernel/timer"
	"tuco/kernel/trap"
)

// crashInInterrupt makes the next timer interrupt fail, for crash=in-interrupt.
var crashInInterrupt bool

// work is what each CPU does once all are up. It does not return.
func work(cpu *percpu.CPU) {
	if cpu.ID == percpu.Count()-1 {
		provoke(cpu)
	}
	if options.SelfTest {
		testSelf(cpu)
	}
	trap.Schedule(cpu)
}

// crashNow is a bug in the code that runs right after an exit or in an interrupt.
func crashNow() { crash.Provoke("nil") }

// provokeSoon is what makes a timer interrupt come.
var provokeSoon timer.Timer

func nothing(*lock.Holder, uint64) {}

// provoke crashes in the way that the command line asks for.
func provoke(cpu *percpu.CPU) {
	switch options.Crash {
	case cmdline.CrashNone, cmdline.CrashAfterExit: // for that see continueBoot
	case cmdline.CrashInInterrupt:
		crashInInterrupt = true
		provokeSoon.Func = nothing
		provokeSoon.Set(&cpu.Locks, timer.Now())
		trap.Schedule(cpu)
	default:
		crash.Provoke(options.Crash.String())
		klog.Warnf("crash=%s does nothing here", klog.S(options.Crash.String()))
	}
}
