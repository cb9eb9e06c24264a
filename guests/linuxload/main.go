package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == childWord {
		os.Exit(childStatus)
	}
	// u-root's init takes what its children print through a pipe of its own, where a power off would leave the last
	// lines.
	console, err := os.OpenFile("/dev/console", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		fmt.Fprintln(os.Stderr, "linuxload:", err)
		os.Exit(1)
	}
	err = run(console)
	fmt.Fprintf(console, "linuxload: failed: %v\n", err)
	if err := crash(); err != nil {
		fmt.Fprintf(console, "linuxload: crash the kernel: %v\n", err)
	}
	os.Exit(1)
}

// run does what the command line asks for. Only a failure returns.
func run(console *os.File) error {
	line, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	load, err := parse(string(line))
	if err != nil {
		return err
	}
	if load.forks > 0 {
		collects := debug.SetGCPercent(-1) // a forked process has no threads that collect
		if err := part(console, "forks", func() error { return fork(load.forks) }, "%d processes", load.forks); err != nil {
			return err
		}
		debug.SetGCPercent(collects)
	}
	if load.memory > 0 {
		if err := part(console, "map", func() error { return mapMemory(load.memory) }, "%d MiB", load.memory>>20); err != nil {
			return err
		}
	}
	for i, n := range load.loops {
		if n > 0 {
			if err := loops[i].measure(console, n); err != nil {
				return err
			}
		}
	}
	if err := tryDevices(console, load); err != nil {
		return err
	}
	return end(console, load.end)
}

// part runs a part of the load and prints its verdict.
func part(console io.Writer, name string, work func() error, format string, args ...any) error {
	started := time.Now()
	if err := work(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	took := time.Since(started).Round(time.Millisecond)
	fmt.Fprintf(console, "linuxload: %s: passed: %s in %v\n", name, fmt.Sprintf(format, args...), took)
	return nil
}

// end ends the machine in the way that is asked for.
func end(console *os.File, way string) error {
	if way == endShell {
		if err := shell(console); err != nil {
			return err
		}
		way = endPowerOff
	}
	fmt.Fprintf(console, "linuxload: end: %s\n", way)
	unix.Sync()
	switch way {
	case endReboot:
		return unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
	case endPanic:
		return crash()
	}
	return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

// crash makes the kernel panic.
func crash() error { return os.WriteFile("/proc/sysrq-trigger", []byte("c"), 0) }

// shell runs u-root's shell, until the user ends it.
func shell(console *os.File) error {
	// Ctrl-C is for what runs in the shell.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	fmt.Fprintln(console, "This is a shell in the guest: ls /bbin shows the commands, poweroff ends the machine.")
	cmd := exec.Command("/bbin/gosh")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = console, console, console
	err := cmd.Run()
	if _, ended := err.(*exec.ExitError); ended {
		return nil // with the status of its last command
	}
	return err
}
