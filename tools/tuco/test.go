package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tuco/tools/tuco/boottest"
	"tuco/tools/tuco/host"
)

// testFlags are the flags of "tuco test".
type testFlags struct {
	control, image string
	junit          string
	jobs           int
	artifacts      string
	patience       float64
	verbose        bool
}

func newTest() *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test PATH…",
		Short: "Run boot tests that are described in files",
		Long: `Run boot tests. PATH is a test's file, or a directory with such files below it, whose names end with ` + boottest.Extension + `.

A test's file has the keys of a guest.cfg, for the guest that it boots, and steps:

    name   = "hello"
    kernel = "hello.elf"
    memory = 64
    steps  = [
        expect("what is your name"),
        send("tuco"),
        expect(r"hello, \w+", within = "10s"),
        end("poweroff"),
    ]
    timeout = "2m"

docs/boot-tests-for-users.md tells the rest. Each test has a host of its own in QEMU; no KVM and no root is needed.

Of a test that fails the logs, the guests' consoles and the emulator's command line are kept in a directory with its name below --artifacts.

Exit status: 0 if all tests passed; 1 if one failed; 2 for a bad argument, or an error in a file; 130 if a signal ended it.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("test: no test is named: write tuco test FILE%s, or a directory", boottest.Extension)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.junit, "junit", "", "write a report in JUnit's format to this file")
	flags.IntVar(&f.jobs, "jobs", runtime.NumCPU(), "tests at once")
	flags.StringVar(&f.artifacts, "artifacts", "", "directory for what failed tests leave (default a new temporary one)")
	flags.Float64Var(&f.patience, "patience", 1, "multiply all times by this: for a slow machine")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "tell each step")
	flags.StringVar(&f.control, "control", "", "the control domain (default control.elf beside this tool)")
	flags.StringVar(&f.image, "image", "", "the hypervisor (default tuco.elf beside this tool)")
	return cmd
}

func (f *testFlags) run(cmd *cobra.Command, paths []string) error {
	if f.jobs < 1 {
		return usagef("--jobs %d: want 1 or more", f.jobs)
	}
	if f.patience <= 0 || f.patience > 1000 {
		return usagef("--patience %v: want a number above 0, at most 1000", f.patience)
	}
	tests, hosts, err := f.read(cmd.Context(), paths)
	if err != nil {
		return err
	}
	// What a report could not be written to is said before an hour of tests, not after it.
	report, err := createFile(f.junit)
	if err != nil {
		return usagef("--junit: %v", err)
	}
	defer report.Close()
	if f.artifacts == "" {
		if f.artifacts, err = os.MkdirTemp("", "tuco-test-"); err != nil {
			return err
		}
		defer os.Remove(f.artifacts) // if nothing is in it
	}
	if f.artifacts, err = filepath.Abs(f.artifacts); err != nil {
		return err
	}
	teller := newTeller(cmd.OutOrStdout(), len(tests), f.verbose)
	began := time.Now()
	results, err := boottest.All(cmd.Context(), tests, boottest.Options{
		Boot: hosts.boot, Jobs: f.jobs, Artifacts: f.artifacts, Reporter: teller,
	})
	if f.junit != "" {
		err = errors.Join(err, boottest.WriteJUnit(report, results, time.Since(began)), report.Close())
	}
	if err != nil {
		return err
	}
	if teller.close() > 0 {
		return statusError(exitFailure)
	}
	return nil
}

// createFile makes a file; of no name, one that takes everything.
func createFile(name string) (*os.File, error) {
	if name == "" {
		name = os.DevNull
	}
	return os.Create(name)
}

// testHosts are the hosts of tests, by their tests.
type testHosts map[*boottest.Test]testHost

type testHost struct {
	guests  *guestPack
	devices deviceFlags
	spec    host.Spec
	control string
}

// read reads all tests, and prepares their hosts, so that what is wrong with one is said before anything is booted.
func (f *testFlags) read(ctx context.Context, paths []string) (tests []*boottest.Test, hosts testHosts, err error) {
	files, err := boottest.Find(paths...)
	if err != nil {
		return nil, nil, usagef("%v", err)
	}
	if f.control, err = findControl(f.control); err != nil {
		return nil, nil, err
	}
	up := upFlags{spec: host.Spec{Image: f.image}}
	if err := up.findFiles(ctx, func(string) {}); err != nil {
		return nil, nil, err
	}
	hosts = testHosts{}
	for _, file := range files {
		t, bad := boottest.Read(file)
		if bad == nil {
			t.Stretch(f.patience)
			hosts[t], bad = f.host(t, up.spec.Image)
			tests = append(tests, t)
		}
		err = errors.Join(err, bad)
	}
	if err != nil {
		return nil, nil, usagef("%v", err)
	}
	return tests, hosts, nil
}

// spareMemory is what a host has beside its domains' memory.
const spareMemory = 96 * host.MiB

// host is what a test is run on.
func (f *testFlags) host(t *boottest.Test, image string) (h testHost, err error) {
	h.control = f.control
	h.guests = newGuestPack()
	memory := spareMemory
	for _, g := range append([]boottest.Guest{{File: t.File, Guest: t.Guest, Values: t.Values}}, t.Beside...) {
		own := *g.Guest // in which files get other names
		if err := h.guests.addGuest(g.File, &own, g.Values); err != nil {
			return h, err
		}
		memory += host.Size(g.Memory) * host.MiB
	}
	h.guests.close()
	h.guests.words = append(h.guests.words, "copy-all") // max_console is the test's own limit
	h.spec = host.Spec{Image: image, Emulator: t.Machine.Emulator, CPUs: t.Machine.CPUs, Memory: t.Machine.Memory}
	if h.spec.Memory == 0 {
		h.spec.Memory = memory + h.guests.memory
	}
	if err := h.guests.fit(t.File+": host_memory", h.spec.Memory); err != nil {
		return h, err
	}
	if err := h.guests.checkVolumes(slices.Collect(maps.Keys(t.Volumes)), `volumes = {"%s": "64M"} makes it`); err != nil {
		return h, err
	}
	for name, size := range t.Volumes {
		h.devices.volumes = append(h.devices.volumes, name+"="+size.String())
	}
	if err := h.devices.apply(&h.spec, h.guests); err != nil {
		return h, err
	}
	spec, err := h.spec.Resolve()
	if err == nil {
		err = spec.CheckRoom()
	}
	if err != nil {
		return h, fmt.Errorf("%s: %w", t.File, err)
	}
	return h, nil
}

// boot is a boottest.Boot.
func (hosts testHosts) boot(ctx context.Context, t *boottest.Test, dir string, input io.Reader, output io.Writer) (*host.Outcome, error) {
	h := hosts[t]
	var err error
	if h.spec.Dom0, err = h.guests.domain0(h.control, dir); err != nil {
		return nil, err
	}
	defer os.Remove(h.spec.Dom0.Ramdisk)                                                        // which may be large, and is made of files that are elsewhere
	if disk := filepath.Join(dir, "disk"); len(t.Volumes) > 0 && h.spec.Emulator == host.QEMU { // in Bochs they are in memory
		if err := makeDisk(disk, t.Volumes); err != nil {
			return nil, err
		}
		defer os.Remove(disk)
		h.spec.ExtraArgs = append(h.spec.ExtraArgs, diskArgs(disk)...)
	}
	plan, err := host.NewPlan(h.spec, dir, installed())
	if err != nil {
		return nil, err
	}
	command := fmt.Sprintf("# the test:\n%s\n# its emulator:\n%s\n", host.ShellQuote(toolPath(), "test", t.File), host.ShellQuote(plan.Args...))
	if err := os.WriteFile(filepath.Join(dir, "command.txt"), []byte(command), 0o644); err != nil {
		return nil, err
	}
	return host.Run(ctx, plan, host.Options{Input: input, Output: output})
}

// makeDisk makes an empty disk with room for volumes.
func makeDisk(path string, volumes map[string]host.Size) error {
	size := 64 * host.MiB
	for _, s := range volumes {
		size += 2 * s
	}
	return makeSparse(path, size)
}
