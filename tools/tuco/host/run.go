package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"

	"tuco/tools/tuco/host/bochsgdb"
)

// ErrQuit is the cause to cancel a run's context with when the user asked for its end.
var ErrQuit = errors.New("ended by the user")

// Options say how to run a plan.
type Options struct {
	Timeout time.Duration // 0: none
	Input   io.Reader     // goes to the first serial port; nil: nothing
	Output  io.Writer     // gets a copy of the first serial port's output; nil: nobody

	// The run ends when a line of the hypervisor's log or of domain 0's console matches; nil: not for such a reason.
	Until *regexp.Regexp

	Started func(pid int) // is told the emulator's process as soon as there is one; nil: nobody is
}

// How long an emulator may run on after the log's closing line. QEMU ends by itself in each case, but not under Xen; in
// Bochs only a power off ends the machine.
const (
	lingerQEMU  = 5 * time.Second
	lingerShort = 300 * time.Millisecond
)

// Run makes a plan's files, boots it, and waits for its end: the machine's own, the timeout, or the context's. The
// error is about what went wrong on this side; whatever the machine did is in the outcome.
func Run(ctx context.Context, plan *Plan, options Options) (*Outcome, error) {
	if err := os.MkdirAll(plan.Dir, 0o755); err != nil {
		return nil, err
	}
	defer plan.cleanUp()
	run := &run{plan: plan, options: options}
	if err := run.openLogs(); err != nil {
		return nil, err
	}
	defer run.closeLogs()
	if err := run.connect(); err != nil {
		return nil, err
	}
	if err := plan.prepare(ctx); err != nil {
		run.disconnect()
		return nil, err
	}
	started := time.Now()
	exited, err := run.start()
	if err != nil {
		run.disconnect()
		return nil, err
	}
	w := run.wait(ctx, exited)
	elapsed := time.Since(started)
	run.disconnect()

	if err := errors.Join(run.recorder.close(), run.closeGuestLogs()); err != nil {
		return nil, err
	}
	outcome := &Outcome{
		Status: w.status, LogPath: run.log.Name(), Emulator: run.emulatorSays(), Elapsed: elapsed, image: plan.Spec.Image,
	}
	if run.console != nil {
		outcome.ConsolePath = run.console.Name()
	}
	if plan.Spec.Dom0 != nil {
		outcome.guest = plan.Spec.Dom0.Kernel
	}
	if outcome.Log, err = readAll(run.log); err != nil {
		return nil, err
	}
	if outcome.Console, err = readAll(run.console); err != nil {
		return nil, err
	}
	if run.guests != nil {
		if w.lastWord, err = run.guests.lastWord(); err != nil {
			return nil, err
		}
	}
	w.log, w.emulator = outcome.Log, outcome.Emulator
	w.bochs, w.hypervisor = plan.Spec.Emulator == Bochs, plan.Spec.Hypervisor
	outcome.End, outcome.Reason, outcome.Failed = judge(w)
	if outcome.End == Vanished {
		outcome.Processors = run.processors
	}
	return outcome, nil
}

// A run is the state of one boot.
type run struct {
	plan     *Plan
	options  Options
	log      *os.File
	console  *os.File   // domain 0's; nil if there is none
	guests   *guestLogs // nil if domain 0 is no control domain
	recorder *recorder
	cmd      *exec.Cmd
	says     tailBuffer // the emulator's own messages
	monitor  *monitor   // QEMU's; nil for others

	processors string // what they were at when the machine was reset, once the run is disconnected

	master, slave *os.File      // Bochs: the terminal that is its first serial port
	drained       chan struct{} // closed when all of master was read
	debug         []io.Closer   // Bochs: what serves gdb
}

// openLogs makes the files that a recorder writes.
func (r *run) openLogs() (err error) {
	if r.log, err = os.Create(filepath.Join(r.plan.Dir, LogName)); err != nil {
		return err
	}
	if r.plan.Spec.Dom0 != nil || r.plan.Bundle != "" {
		if r.console, err = os.Create(filepath.Join(r.plan.Dir, ConsoleName)); err != nil {
			r.log.Close()
			return err
		}
	}
	if r.plan.Spec.Dom0 != nil && r.plan.Spec.Dom0.Control {
		if r.guests, err = openGuestLogs(r.plan.Dir); err != nil {
			r.closeLogs()
		}
	}
	return err
}

func (r *run) closeLogs() {
	r.log.Close()
	if r.console != nil {
		r.console.Close()
	}
}

// closeGuestLogs says what could not be written.
func (r *run) closeGuestLogs() error {
	if r.guests == nil {
		return nil
	}
	return r.guests.close()
}

// readAll gives a log's text.
func readAll(log *os.File) (string, error) {
	if log == nil {
		return "", nil
	}
	text, err := os.ReadFile(log.Name())
	return string(text), err
}

// connect joins the first serial port to the logs.
func (r *run) connect() error {
	var console io.Writer = r.log
	if r.console != nil {
		console = r.console
	}
	if r.guests != nil {
		console = io.MultiWriter(console, r.guests)
	}
	r.recorder = newRecorder(voiceOf(r.plan.Spec.Hypervisor), r.log, console, r.options.Output, r.options.Until)
	r.cmd = exec.Command(r.plan.Args[0], r.plan.Args[1:]...)
	r.cmd.Env = append(os.Environ(), r.plan.Env...)
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	// Somebody else's copy of our pipe must not hold us up once the emulator is gone.
	r.cmd.WaitDelay = time.Second
	r.cmd.Stderr = &r.says
	if r.plan.Spec.Emulator == QEMU {
		r.cmd.Stdout = r.recorder
		var err error
		if r.monitor, err = addMonitor(r.cmd); err != nil {
			return err
		}
		if r.options.Input == nil {
			return nil
		}
		input, err := r.cmd.StdinPipe()
		if err != nil {
			return err
		}
		go feed(input, r.options.Input)
		return nil
	}
	r.cmd.Stdout = &r.says
	if r.plan.Spec.Debug {
		if err := r.serveGDB(); err != nil {
			return err
		}
	}
	var err error
	if r.master, r.slave, err = OpenPTY(); err != nil {
		return err
	}
	for i := range r.plan.Files {
		r.plan.Files[i].Text = strings.ReplaceAll(r.plan.Files[i].Text, bochsPTY, r.slave.Name())
	}
	r.drained = make(chan struct{})
	go func() {
		defer close(r.drained)
		io.Copy(r.recorder, r.master) // ends with EIO when the slave is closed everywhere and all was read
	}()
	if r.options.Input != nil {
		go feed(r.master, r.options.Input)
	}
	return nil
}

// feed passes the user's input on. The end of the input ends nothing else; the emulator's end ends it.
func feed(to io.Writer, from io.Reader) { io.Copy(to, from) }

// serveGDB puts a server of gdb's protocol before Bochs's debugger.
func (r *run) serveGDB() error {
	listener, err := net.Listen("tcp", r.plan.Spec.GDBAddress())
	if err != nil {
		return fmt.Errorf("listen for gdb: %w", err)
	}
	input, err := r.cmd.StdinPipe()
	if err != nil {
		listener.Close()
		return err
	}
	output, theirs, err := os.Pipe()
	if err != nil {
		listener.Close()
		return err
	}
	r.cmd.Stdout = theirs
	r.debug = []io.Closer{listener, theirs, output}
	server := bochsgdb.New(input, output, func() error { return r.cmd.Process.Signal(os.Interrupt) })
	go server.Serve(listener) // ends with the emulator
	return nil
}

func (r *run) disconnect() {
	if r.monitor != nil {
		r.processors = r.monitor.close()
	}
	for _, c := range r.debug {
		c.Close()
	}
	if r.master != nil {
		r.slave.Close()
		<-r.drained
		r.master.Close()
	}
}

// start starts the emulator. The channel gets the error of its end.
func (r *run) start() (<-chan error, error) {
	started := make(chan error, 1)
	exited := make(chan error, 1)
	go func() {
		// Pdeathsig is sent when the *thread* that started the child ends, so that thread waits for it.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := r.cmd.Start()
		if err == nil && r.options.Started != nil {
			r.options.Started(r.cmd.Process.Pid)
		}
		started <- err
		if err == nil {
			exited <- r.cmd.Wait()
		}
	}()
	err := <-started
	if r.monitor != nil {
		r.monitor.started()
	}
	if err != nil {
		return nil, fmt.Errorf("start the emulator: %w", err)
	}
	return exited, nil
}

// wait waits for the emulator's end, or brings it about.
func (r *run) wait(ctx context.Context, exited <-chan error) (w witnesses) {
	var timeout, linger <-chan time.Time
	if r.options.Timeout > 0 {
		timeout = time.After(r.options.Timeout)
	}
	killed := false
	kill := func() {
		killed = true
		syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL)
	}
	done := ctx.Done()
	for {
		select {
		case <-exited:
			state := r.cmd.ProcessState
			w.status = state.ExitCode()
			if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() && !killed {
				w.signal = status.Signal().String()
			}
			return w
		case end := <-r.recorder.ended:
			switch {
			case end == Awaited:
				w.stop = Awaited
				kill()
			case r.plan.Spec.Debug: // the machine is the debugger's
			case r.plan.Spec.Hypervisor == Xen || r.plan.Spec.Emulator == Bochs && end != PoweredOff:
				linger = time.After(lingerShort)
			default:
				linger = time.After(lingerQEMU)
			}
		case <-linger:
			w.lingered = true
			kill()
		case <-timeout:
			w.stop = TimedOut
			kill()
		case <-done:
			done = nil
			w.stop = Interrupted
			if errors.Is(context.Cause(ctx), ErrQuit) {
				w.stop = Quit
			}
			kill()
		}
	}
}

// emulatorSays gives the emulator's own messages: its standard error, and for Bochs the panics of its log.
func (r *run) emulatorSays() string {
	text := r.says.String()
	if r.plan.Spec.Emulator != Bochs {
		return text
	}
	path := filepath.Join(r.plan.Dir, bochsLogName)
	log, err := os.ReadFile(path)
	if err != nil {
		return text // it never came as far as its log: its standard error says why
	}
	os.Remove(path)
	var panics strings.Builder
	for line := range strings.Lines(string(log)) {
		if strings.Contains(line, "PANIC") && !strings.Contains(line, bochsPowerOff) {
			panics.WriteString(line)
		}
	}
	return panics.String()
}
