// Command kernel is the hypervisor. This package is the boot sequence: from the
// first Go instruction to the loop that each CPU stays in.
//
//	start        the console, what the loader says, the memory, the final page tables
//	continueBoot on the boot CPU's own stacks: interrupts, time, the other CPUs
//	enterCPU     on every other CPU
//	work         on every CPU: guests, or waiting
package main

import (
	"tuco/boot"
	"tuco/kernel/cmdline"
	"tuco/kernel/console"
	"tuco/kernel/crash"
	"tuco/kernel/frame"
	"tuco/kernel/idt"
	"tuco/kernel/klog"
	"tuco/kernel/lock"
	"tuco/kernel/percpu"
	"tuco/kernel/text"
	"tuco/kernel/uart"
	"tuco/kernel/x86"
)

// version is what the log begins with.
const version = "0.1.0"

// main is never called: the boot code enters at entry, with no Go runtime. It
// names what the assembly code calls, for tools that read only Go.
func main() {
	startFunc(nil)
	enterCPUFunc(nil)
	_ = hostRoot
}

// startFunc is what entry calls.
var startFunc = start

// What the boot sequence learns and keeps.
var (
	handoff  boot.Handoff
	info     boot.Info
	options  cmdline.Options
	features x86.Features
)

func start(h *boot.Handoff) {
	crash.Init()
	crash.Set(crash.Machine{End: endCrash})
	lock.Violation = lockViolation
	idt.UseMainStackOnly(true)
	idt.Load()
	if uart.Init() {
		klog.Sink = console.Log
	}
	klog.Infof("tuco %s", klog.S(version))
	handoff = *h // it lies in memory that will be freed
	features = x86.Probe()
	x86.Prepare(&features)

	readLoader()
	readFirmware()
	startMemory()
	cpu := percpu.Get(0)
	cpu.LoadTables()
	cpu.UseStacks() // from here on the g in use describes a stack that is not
	cpu.Run(continueBootFunc)
}

// readLoader copies what the loader left, and obeys the command line.
func readLoader() {
	protocol := boot.Detect(earlyMemory, handoff.Magic, handoff.Info)
	boot.Parse(&info, earlyMemory, protocol, handoff.Info, handoff.Image())

	line, _ := info.CmdLine()
	options = cmdline.Parse(line)
	klog.SetLevel(logLevels[options.LogLevel])
	if loader := info.Loader(); len(loader) > 0 {
		klog.Infof("loader: %s, by %s", klog.B(loader), klog.S(info.Protocol.String()))
	} else {
		klog.Infof("loader: by %s", klog.S(info.Protocol.String()))
	}
	if len(line) > 0 {
		klog.Infof("command line: %s", klog.B(line))
	}
	var text text.Line
	problems, dropped := info.Problems()
	for i := range problems {
		klog.Warnf("loader: %s", klog.B(problems[i].Text(text.Reset())))
	}
	warnDropped(dropped, "loader")
	if p, fatal := info.Fatal(); fatal {
		halt(p.Text(text.Reset()))
	}
	warnings, dropped := options.Warnings()
	for i := range warnings {
		klog.Warnf("%s", klog.B(warnings[i].Text(text.Reset())))
	}
	warnDropped(dropped, "command line")
}

var logLevels = [...]klog.Level{
	cmdline.LogError: klog.Error, cmdline.LogWarning: klog.Warning,
	cmdline.LogInfo: klog.Info, cmdline.LogDebug: klog.Debug,
}

func warnDropped(n int, what string) {
	if n > 0 {
		klog.Warnf("%s: %d more problems are not shown", klog.S(what), klog.D(n))
	}
}

// earlyMemory reads machine memory through the boot page tables, which show the
// first 4 GiB.
func earlyMemory(a frame.MAddr, n uint64) []byte {
	const limit = 4 << 30
	if uint64(a) >= limit || n > limit-uint64(a) {
		return nil
	}
	return machineBytes(a, n)
}
