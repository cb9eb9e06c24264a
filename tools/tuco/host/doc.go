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
// # No emulator is left behind
//
// Each emulator has a process group of its own, which is killed when the run ends for any reason. It also asks the
// host's kernel to kill it when the thread that started it dies (prctl(2), PR_SET_PDEATHSIG), which covers the
// case that this process is killed outright. That is why the emulator is started and waited for on a locked thread.
package host
