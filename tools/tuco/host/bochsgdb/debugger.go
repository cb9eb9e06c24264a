package bochsgdb

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// A debugger types commands at Bochs's debugger.
type debugger struct {
	in  io.Writer
	out *bufio.Reader
}

// errGone tells that Bochs has ended.
var errGone = errors.New("the emulator has ended")

var prompt = regexp.MustCompile(`<bochs:\d+> $`)

// answer reads up to the next prompt.
func (d *debugger) answer() (string, error) {
	var text strings.Builder
	for {
		piece, err := d.out.ReadString(' ')
		text.WriteString(piece)
		if err != nil {
			return text.String(), errGone
		}
		if strings.HasPrefix(lastLine(text.String()), "<bochs:") {
			whole := text.String()
			if at := prompt.FindStringIndex(whole); at != nil {
				return whole[:at[0]], nil
			}
		}
	}
}

func lastLine(text string) string { return text[strings.LastIndexByte(text, '\n')+1:] }

// command types a command and gives what Bochs answers. It returns when Bochs asks for the next one, which for a
// continue is when the machine stops.
func (d *debugger) command(format string, args ...any) (string, error) {
	text := fmt.Sprintf(format, args...)
	if _, err := io.WriteString(d.in, text+"\n"); err != nil {
		return "", errGone
	}
	answer, err := d.answer()
	return strings.TrimPrefix(answer, text+"\n"), err // Bochs echoes its input
}

// registerNames are the registers in gdb's order for x86-64, as Bochs spells them.
var registerNames = [...]string{
	"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "rsp",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "rip", "eflags",
}

const eflags = len(registerNames) - 1

var (
	registerLine = regexp.MustCompile(`(?m)^(r\w+) *: ([0-9a-f]{8})_([0-9a-f]{8})$`)
	eflagsLine   = regexp.MustCompile(`(?m)^eflags 0x([0-9a-f]{8}):`)
)

// registers reads the registers of a CPU.
func (d *debugger) registers(cpu int) (values [len(registerNames)]uint64, err error) {
	answer, err := d.on(cpu, "r")
	if err != nil {
		return values, err
	}
	found := map[string]string{}
	for _, match := range registerLine.FindAllStringSubmatch(answer, -1) {
		found[match[1]] = match[2] + match[3]
	}
	if match := eflagsLine.FindStringSubmatch(answer); match != nil {
		found["eflags"] = match[1]
	}
	for i, name := range registerNames {
		if values[i], err = strconv.ParseUint(found[name], 16, 64); err != nil {
			return values, fmt.Errorf("no %s among Bochs's registers", name)
		}
	}
	return values, nil
}

// setRegister changes a register of a CPU.
func (d *debugger) setRegister(cpu, register int, value uint64) error {
	_, err := d.on(cpu, "set %s = %#x", registerNames[register], value)
	return err
}

// on types a command about a CPU.
func (d *debugger) on(cpu int, format string, args ...any) (string, error) {
	if answer, err := d.command("set $cpu = %d", cpu); err != nil {
		return answer, err
	}
	return d.command(format, args...)
}

var byteValue = regexp.MustCompile(`\t0x([0-9a-f]{2})\b`)

// memory reads guest memory at a linear address of a CPU. What is not mapped is left out at the end.
func (d *debugger) memory(cpu int, address uint64, length int) ([]byte, error) {
	const most = 256 // bytes for one command
	var data []byte
	for len(data) < length {
		want := min(length-len(data), most)
		// Not across a page: Bochs prints nothing usable of a command that runs into a page that is not mapped.
		at := address + uint64(len(data))
		want = min(want, int(0x1000-at%0x1000))
		answer, err := d.on(cpu, "x /%dbx %#x", want, at)
		if err != nil {
			return nil, err
		}
		values := byteValue.FindAllStringSubmatch(answer, -1)
		if len(values) != want || strings.Contains(answer, "not available") {
			break
		}
		for _, value := range values {
			n, err := strconv.ParseUint(value[1], 16, 8)
			if err != nil {
				return nil, err
			}
			data = append(data, byte(n))
		}
	}
	return data, nil
}

// setBreakpoint makes a breakpoint at a linear address, for every CPU.
func (d *debugger) setBreakpoint(address uint64) error {
	_, err := d.command("lb %#x", address)
	return err
}

var breakpointLine = regexp.MustCompile(`(?m)^ *(\d+) lbreakpoint +\S+ +\S+ +0x([0-9a-f]+)`)

// clearBreakpoint removes the breakpoints at an address.
func (d *debugger) clearBreakpoint(address uint64) error {
	answer, err := d.command("blist")
	if err != nil {
		return err
	}
	for _, match := range breakpointLine.FindAllStringSubmatch(answer, -1) {
		if at, err := strconv.ParseUint(match[2], 16, 64); err == nil && at == address {
			if _, err := d.command("d %s", match[1]); err != nil {
				return err
			}
		}
	}
	return nil
}

var (
	breakpointHit = regexp.MustCompile(`(?m)^\((\d+)\) Breakpoint \d+,`)
	nextLine      = regexp.MustCompile(`(?m)^\((\d+)\) \[`)
)

// stoppedCPU tells from the answer to a continue which CPU stopped at a breakpoint; the first one, if none did.
func stoppedCPU(answer string) int {
	match := breakpointHit.FindStringSubmatch(answer)
	if match == nil {
		return 0
	}
	cpu, err := strconv.Atoi(match[1])
	if err != nil {
		return 0
	}
	return cpu
}

// countCPUs counts the CPUs by the lines that Bochs prints for each when it stops.
func countCPUs(answer string) int { return len(nextLine.FindAllString(answer, -1)) }
