// Package host describes a machine that runs Tuco, boots it in an emulator and judges how it ended.
//
// A [Spec] says what is wanted: emulator, vendor, CPUs, memory, image, bundle, command line. [Spec.Resolve] fills
// in the defaults and refuses what cannot work. [NewPlan] turns a resolved Spec into an emulator command line and
// the files that it reads. [Run] boots a plan, keeps the hypervisor's log, and returns an [Outcome].
//
// # How a run is judged
//
// The log is the witness. The hypervisor closes it with one of
//
//	tuco: power off
//	tuco: reboot
//	tuco: halted: REASON
//	tuco: crashed: REASON
//
// and a machine that stops without any of them crashed, most often by a triple fault. QEMU tells the same by its
// exit status (isa-debug-exit turns the value v written to port 0xf4 into 2v+1: 3 is a crash, 5 a halt); the two
// witnesses must not contradict each other. Bochs has no exit status of the guest's choice, so there the log
// decides alone.
//
// # Domain 0, and another hypervisor
//
// A Spec with a [Domain0] boots a kernel as domain 0, in a boot bundle that is made for it. The hypervisor and domain 0
// share the serial port: the hypervisor's lines begin with (TUCO), lose that mark and go to hypervisor.log, domain 0's
// go to dom0.console.log, so that nothing a guest prints is taken for the hypervisor's word.
//
// With [Xen] for a Hypervisor the same machine runs Debian's Xen (tools/tuco/debian gets it) and the same domain 0. Its
// own closing lines are known: Dom0's halt is a power off, though the machine runs on there and is ended.
//
// # No emulator is left behind
//
// Each emulator has a process group of its own, which is killed when the run ends for any reason. It also asks the
// host's kernel to kill it when the thread that started it dies (prctl(2), PR_SET_PDEATHSIG), which covers the
// case that this process is killed outright. That is why the emulator is started and waited for on a locked thread.
package host
