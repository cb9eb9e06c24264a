package host

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// A monitor speaks with QEMU by its machine protocol (QMP). Of that one event matters: the machine has ended. QEMU then waits
// for us instead of going at once, so a machine that was reset can be asked what its processors were at: after a triple fault
// nothing else tells.
type monitor struct {
	conn   net.Conn
	theirs *os.File      // QEMU's end, until QEMU runs
	done   chan struct{} // closed when QEMU has said its last
	state  string        // the processors' at the reset; once done is closed
}

// addMonitor gives a QEMU that has not started a monitor. The options are not the plan's: whoever repeats a run by the plan's
// command line has a QEMU that ends by itself.
func addMonitor(cmd *exec.Cmd) (*monitor, error) {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socketpair", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "monitor"), os.NewFile(uintptr(pair[1]), "monitor")
	conn, err := net.FileConn(ours) // has a copy
	ours.Close()
	if err != nil {
		theirs.Close()
		return nil, err
	}
	fd := 3 + len(cmd.ExtraFiles)
	cmd.ExtraFiles = append(cmd.ExtraFiles, theirs)
	cmd.Args = append(cmd.Args, "-chardev", fmt.Sprint("socket,id=monitor,fd=", fd), "-mon", "chardev=monitor,mode=control",
		"-action", "shutdown=pause")
	return &monitor{conn: conn, theirs: theirs, done: make(chan struct{})}, nil
}

// started is to be called when QEMU runs.
func (m *monitor) started() {
	m.theirs.Close()
	m.theirs = nil
	go m.serve()
}

// The commands, which are their answers' names too.
const (
	qmpBegin  = "qmp_capabilities"
	qmpStatus = "query-status"
	qmpState  = "human-monitor-command"
	qmpQuit   = "quit"
)

// qmpReset is the reason of an end that nobody has asked for by the machine's power management.
const qmpReset = "guest-reset"

// serve answers QEMU until it is gone.
func (m *monitor) serve() {
	defer close(m.done)
	defer m.conn.Close()
	ended := false
	end := func(reason string) {
		switch {
		case ended:
		case reason == qmpReset:
			m.command(qmpState, `, "arguments": {"command-line": "info registers -a"}`)
		default:
			m.command(qmpQuit, "")
		}
		ended = true
	}
	for messages := json.NewDecoder(m.conn); ; {
		var message struct {
			Greeting json.RawMessage `json:"QMP"`
			Event    string
			Data     struct{ Reason string }
			ID       string
			Return   json.RawMessage
		}
		if messages.Decode(&message) != nil {
			return
		}
		switch {
		case message.Greeting != nil:
			m.command(qmpBegin, "")
		case message.Event == "SHUTDOWN":
			end(message.Data.Reason)
		case message.ID == qmpBegin:
			m.command(qmpStatus, "") // before this no events were sent
		case message.ID == qmpStatus:
			var is struct{ Status string }
			if json.Unmarshal(message.Return, &is) == nil && is.Status == "shutdown" {
				end(qmpReset)
			}
		case message.ID == qmpState:
			if json.Unmarshal(message.Return, &m.state) == nil {
				m.state = strings.ReplaceAll(m.state, "\r", "")
			}
			m.command(qmpQuit, "")
		}
	}
}

// command sends a command. A QEMU that takes none any more is at its end, which serve sees.
func (m *monitor) command(name, arguments string) {
	fmt.Fprintf(m.conn, "{\"execute\": %q, \"id\": %q%s}\n", name, name, arguments)
}

// close waits for what a QEMU that is gone has said, and tells what the processors were at when the machine was reset; "" if it
// was not.
func (m *monitor) close() (processors string) {
	if m.theirs != nil {
		m.conn.Close()
		m.theirs.Close()
		return "" // it never ran
	}
	m.conn.SetReadDeadline(time.Now().Add(time.Second)) // a child of its that is left may keep the other end
	<-m.done
	return m.state
}
