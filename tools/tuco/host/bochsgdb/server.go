package bochsgdb

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// A Server stands between gdb and Bochs's debugger.
type Server struct {
	bochs     debugger
	interrupt func() error // makes a running machine stop: sends Bochs the interrupt signal
	cpus      int
	running   bool

	general, control int // the CPUs that register and step requests are about
}

// New makes a server for a Bochs that has just been started with the given standard input and output.
func New(in io.Writer, out io.Reader, interrupt func() error) *Server {
	return &Server{bochs: debugger{in: in, out: bufio.NewReaderSize(out, 1<<16)}, interrupt: interrupt}
}

// Serve waits for Bochs's first prompt, then serves one gdb after the other until Bochs or the listener ends. When a
// gdb leaves, the machine goes on.
func (s *Server) Serve(listener net.Listener) error {
	answer, err := s.bochs.answer()
	if err != nil {
		return err
	}
	s.cpus = max(1, countCPUs(answer))
	for {
		connection, err := listener.Accept()
		if err != nil {
			return err
		}
		err = s.session(connection)
		connection.Close()
		if errors.Is(err, errGone) {
			return err
		}
	}
}

// A reply is what a command that takes time ends with.
type reply struct {
	answer string
	err    error
}

// session serves one gdb.
func (s *Server) session(connection io.ReadWriter) error {
	packets := make(chan string)
	done := make(chan struct{})
	defer close(done)
	go func() {
		defer close(packets)
		r := bufio.NewReader(connection)
		for {
			packet, err := readPacket(r, connection)
			if err != nil {
				return
			}
			select {
			case packets <- packet:
			case <-done:
				return
			}
		}
	}()
	var stopped chan reply // not nil while the machine runs for this gdb
	for {
		select {
		case packet, ok := <-packets:
			switch {
			case !ok || packet == "D" || strings.HasPrefix(packet, "D;"):
				if ok {
					writePacket(connection, "OK")
				}
				return s.leave(stopped)
			case packet == interrupt:
				if stopped != nil {
					if err := s.interrupt(); err != nil {
						return errGone
					}
				}
			case packet == "k":
				s.bochs.command("q")
				return errGone
			case stopped != nil: // nothing else is allowed while the machine runs
			case packet == "c" || packet == "s" || strings.HasPrefix(packet, "vCont;"):
				stopped = s.resume(packet)
			default:
				text, err := s.handle(packet)
				if errors.Is(err, errGone) {
					return err
				}
				if err != nil {
					text = "E01"
				}
				if err := writePacket(connection, text); err != nil {
					return s.leave(nil)
				}
			}
		case r := <-stopped:
			stopped = nil
			if r.err != nil {
				writePacket(connection, "W00")
				return r.err
			}
			s.general = stoppedCPU(r.answer)
			s.control = s.general
			if err := writePacket(connection, s.stopReply()); err != nil {
				return s.leave(nil)
			}
		}
	}
}

// leave lets the machine go on without gdb, with no breakpoints of its.
func (s *Server) leave(running chan reply) error {
	if running != nil {
		if err := s.interrupt(); err != nil {
			return errGone
		}
		if r := <-running; r.err != nil {
			return r.err
		}
	}
	answer, err := s.bochs.command("blist")
	if err != nil {
		return err
	}
	for _, match := range breakpointLine.FindAllStringSubmatch(answer, -1) {
		if _, err := s.bochs.command("d %s", match[1]); err != nil {
			return err
		}
	}
	// The next gdb finds the machine stopped where it is then.
	s.running = true
	go io.WriteString(s.bochs.in, "c\n")
	return nil
}

// resume lets the machine run, or take one step of a CPU; the channel gets what it stops with.
func (s *Server) resume(packet string) chan reply {
	stopped := make(chan reply, 1)
	cpu, step := s.control, packet == "s"
	if action, ok := strings.CutPrefix(packet, "vCont;"); ok {
		// The first action is the one of the CPU that gdb looks at; others only go on, as they do anyway.
		action, _, _ = strings.Cut(action, ";")
		action, thread, named := strings.Cut(action, ":")
		step = strings.HasPrefix(action, "s")
		if n, err := parseHex(thread); named && err == nil && n > 0 {
			cpu = int(n) - 1
		}
	}
	go func() {
		var r reply
		if step {
			r.answer, r.err = s.bochs.on(cpu, "s")
			r.answer = fmt.Sprintf("(%d) Breakpoint 0,\n%s", cpu, r.answer)
		} else {
			r.answer, r.err = s.bochs.command("c")
		}
		stopped <- r
	}()
	return stopped
}

// stopReply tells gdb that the machine stopped, by a trap, and at which CPU.
func (s *Server) stopReply() string { return fmt.Sprintf("T05thread:%x;", s.general+1) }

// handle answers a packet that is about a stopped machine.
func (s *Server) handle(packet string) (string, error) {
	switch {
	case packet == "?":
		if s.running { // since the last gdb left
			s.running = false
			if err := s.interrupt(); err != nil {
				return "", errGone
			}
			if _, err := s.bochs.answer(); err != nil {
				return "", err
			}
		}
		return s.stopReply(), nil
	case strings.HasPrefix(packet, "qSupported"):
		return "PacketSize=1000;vContSupported+", nil
	case packet == "vCont?":
		return "vCont;c;C;s;S", nil
	case packet == "qAttached":
		return "1", nil
	case packet == "qC":
		return fmt.Sprintf("QC%x", s.general+1), nil
	case packet == "qfThreadInfo":
		threads := make([]string, s.cpus)
		for i := range threads {
			threads[i] = fmt.Sprintf("%x", i+1)
		}
		return "m" + strings.Join(threads, ","), nil
	case packet == "qsThreadInfo":
		return "l", nil
	case strings.HasPrefix(packet, "qThreadExtraInfo,"):
		n, err := parseHex(packet[len("qThreadExtraInfo,"):])
		if err != nil {
			return "", err
		}
		return hex.EncodeToString(fmt.Appendf(nil, "CPU %d", n-1)), nil
	case strings.HasPrefix(packet, "H") && len(packet) > 2:
		return s.selectCPU(packet[1], packet[2:])
	case strings.HasPrefix(packet, "T"):
		n, err := parseHex(packet[1:])
		if err != nil || n < 1 || n > uint64(s.cpus) {
			return "", errSyntax
		}
		return "OK", nil
	case packet == "g":
		return s.readRegisters()
	case strings.HasPrefix(packet, "P"):
		return s.writeRegister(packet[1:])
	case strings.HasPrefix(packet, "m"):
		return s.readMemory(packet[1:])
	case strings.HasPrefix(packet, "Z0,"), strings.HasPrefix(packet, "Z1,"):
		return s.breakpoint(packet[3:], s.bochs.setBreakpoint)
	case strings.HasPrefix(packet, "z0,"), strings.HasPrefix(packet, "z1,"):
		return s.breakpoint(packet[3:], s.bochs.clearBreakpoint)
	case strings.HasPrefix(packet, "M"), strings.HasPrefix(packet, "G"):
		return "", errors.New("not possible in Bochs")
	}
	return "", nil // the protocol's word for "unknown"
}

// selectCPU serves the H packets: which CPU later packets are about. 0 and -1 stand for any.
func (s *Server) selectCPU(operation byte, thread string) (string, error) {
	if thread == "0" || thread == "-1" {
		return "OK", nil
	}
	n, err := parseHex(thread)
	if err != nil || n < 1 || n > uint64(s.cpus) {
		return "", errSyntax
	}
	if operation == 'g' {
		s.general = int(n) - 1
	} else {
		s.control = int(n) - 1
	}
	return "OK", nil
}

func (s *Server) readRegisters() (string, error) {
	values, err := s.bochs.registers(s.general)
	if err != nil {
		return "", err
	}
	var data []byte
	for i, value := range values {
		if i == eflags {
			data = binary.LittleEndian.AppendUint32(data, uint32(value))
		} else {
			data = binary.LittleEndian.AppendUint64(data, value)
		}
	}
	return hex.EncodeToString(data), nil
}

// writeRegister serves P packets: NUMBER=VALUE, the value in the target's byte order.
func (s *Server) writeRegister(text string) (string, error) {
	number, value, ok := strings.Cut(text, "=")
	register, err := parseHex(number)
	if !ok || err != nil || register >= uint64(len(registerNames)) {
		return "", errSyntax
	}
	data, err := hex.DecodeString(value)
	if err != nil || len(data) > 8 {
		return "", errSyntax
	}
	var word [8]byte
	copy(word[:], data)
	if err := s.bochs.setRegister(s.general, int(register), binary.LittleEndian.Uint64(word[:])); err != nil {
		return "", err
	}
	return "OK", nil
}

// maxRead is what one memory packet may ask for.
const maxRead = 0x1000

func (s *Server) readMemory(text string) (string, error) {
	address, length, err := twoNumbers(text)
	if err != nil || length > maxRead {
		return "", errSyntax
	}
	data, err := s.bochs.memory(s.general, address, int(length))
	if err != nil {
		return "", err
	}
	if len(data) == 0 && length > 0 {
		return "", errors.New("not mapped")
	}
	return hex.EncodeToString(data), nil
}

func (s *Server) breakpoint(text string, do func(address uint64) error) (string, error) {
	address, _, err := twoNumbers(text)
	if err != nil {
		return "", err
	}
	if err := do(address); err != nil {
		return "", err
	}
	return "OK", nil
}

// twoNumbers reads "ADDRESS,NUMBER", with more behind a semicolon ignored.
func twoNumbers(text string) (address, number uint64, err error) {
	text, _, _ = strings.Cut(text, ";")
	first, second, ok := strings.Cut(text, ",")
	if !ok {
		return 0, 0, errSyntax
	}
	if address, err = parseHex(first); err != nil {
		return 0, 0, err
	}
	number, err = parseHex(second)
	return address, number, err
}
