package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tuco/tools/tuco/bench"
	"tuco/tools/tuco/host"
	"tuco/tools/tuco/linux"
)

// linuxRepeats is how often each hypervisor boots Linux for its times, of which the median counts.
const linuxRepeats = 3

// linuxWord chooses the rows of Linux.
const linuxWord = "Linux"

// linux boots stock Linux with the loops of guests/linuxload on each hypervisor, and adds the rows: once with -icount for the
// instructions, and then, with the stub on, for the times. Those runs alternate, so that what else this machine does falls on all.
func (b *bencher) linux(ctx context.Context) error {
	image, err := linux.Make(ctx, linux.Options{
		Flavour: "amd64", Dir: filepath.Join(b.built, "linux-amd64"), Source: filepath.Join(b.built, ".."), Cache: cacheDir(), Says: b.says,
	})
	if err != nil {
		return err
	}
	var runs []bench.LinuxRun
	for n := range 1 + linuxRepeats {
		for _, h := range []struct {
			name string
			spec host.Spec
		}{
			{"tuco", host.Spec{Append: "stub=on"}},
			{"tuco_stub_off", host.Spec{Append: "stub=off"}},
			{"xen", host.Spec{Hypervisor: host.Xen, Image: b.xen}},
		} {
			if h.name == "tuco_stub_off" && n > 0 {
				continue
			}
			h.spec.ICount = n == 0
			h.spec.Dom0 = &host.Domain0{Kernel: image.Kernel, Ramdisk: image.Initramfs, Args: linuxWords()}
			run, err := b.linuxRun(ctx, fmt.Sprintf("linux-%s-%d", h.name, n), h.name, h.spec)
			if err != nil {
				return err
			}
			runs = append(runs, *run)
		}
	}
	b.report.JoinLinux(runs)
	return nil
}

// linuxWords is the kernel's command line.
func linuxWords() string {
	words := []string{linux.Domain0Args, "tuco.end=poweroff", "tuco.forks=0", "tuco.map=0"}
	for _, l := range bench.LinuxLoops {
		words = append(words, fmt.Sprintf("tuco.%s=%d", l.Name, l.Turns))
	}
	return strings.Join(words, " ")
}

// linuxRun boots Linux once.
func (b *bencher) linuxRun(ctx context.Context, name, hypervisor string, spec host.Spec) (*bench.LinuxRun, error) {
	watch := &bench.LinuxWatch{Run: bench.LinuxRun{Hypervisor: hypervisor, ICount: spec.ICount}}
	started := func(pid int) {
		start := time.Now()
		watch.Clock = func() (wall, cpu float64) { return time.Since(start).Seconds(), processorTime(pid) }
	}
	if _, err := b.boot(ctx, name, spec, host.Options{Output: watch, Started: started}); err != nil {
		return nil, err
	}
	return &watch.Run, watch.Run.Complete()
}

// processorTime is how many seconds the threads of a process that runs have executed; 0 where the system does not tell.
func processorTime(pid int) (seconds float64) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid)) // the pattern is right
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has just ended
		}
		var nanoseconds int64
		if _, err := fmt.Sscan(string(text), &nanoseconds); err == nil {
			seconds += float64(nanoseconds) / 1e9
		}
	}
	return seconds
}
