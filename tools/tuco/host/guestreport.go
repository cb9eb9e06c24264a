package host

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// The hypervisor reports the death of a guest in consecutive error lines of its log, the first of which names the vCPU.
// Addresses in them are the guest's. docs/debugging.md describes the report.
var (
	reportBegin = regexp.MustCompile(`^error: domain (\d+) \(\S*\) vcpu \d+: `)
	reportRIP   = regexp.MustCompile(`\brip ([0-9a-f]{16})\b`)
	reportCode  = regexp.MustCompile(`^error: code: ([0-9a-f ]*)<([0-9a-f]{2})>([0-9a-f ]*)$`)
)

const reportLine = "error: "

// annotate adds to a log of the hypervisor's what the tool knows: places of the hypervisor's addresses, and in the
// reports of guests the places of theirs, as far as the kernel of domain 0 tells them, and their code.
func annotate(log string, image *Symbols, guest string) string {
	var b strings.Builder
	var report *guestReport
	for line := range strings.Lines(log) {
		if !strings.HasPrefix(line, reportLine) {
			report = nil
		}
		if match := reportBegin.FindStringSubmatch(line); match != nil {
			report = &guestReport{}
			if match[1] == "0" && guest != "" {
				if symbols, err := LoadSymbols(guest); err == nil {
					report.symbols = symbols // Debian's Linux has none
				}
			}
		}
		switch {
		case report != nil:
			b.WriteString(report.annotate(line))
		case image != nil:
			b.WriteString(image.Annotate(line))
		default:
			b.WriteString(line)
		}
	}
	return b.String()
}

// A guestReport is a report that is being read.
type guestReport struct {
	symbols *Symbols // the guest's; nil: not known
	rip     uint64
	known   bool // rip was read
}

// wholeAddress matches an address in full length, as reports print them.
var wholeAddress = regexp.MustCompile(`\b[0-9a-f]{16}\b`)

func (r *guestReport) annotate(line string) string {
	if match := reportRIP.FindStringSubmatch(line); match != nil && !r.known {
		rip, err := strconv.ParseUint(match[1], 16, 64)
		r.rip, r.known = rip, err == nil
	}
	if match := reportCode.FindStringSubmatch(strings.TrimRight(line, "\n")); match != nil && r.known {
		return line + r.disassemble(match[1], match[2]+match[3])
	}
	if r.symbols == nil {
		return line
	}
	return r.symbols.annotate(wholeAddress, line)
}

// disassemble gives the instructions before and from RIP, a line each; an arrow marks the one at RIP.
func (r *guestReport) disassemble(before, from string) string {
	bytes := func(text string) []byte {
		data, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
		if err != nil {
			return nil // half a byte: cut off
		}
		return data
	}
	var b strings.Builder
	head := bytes(before)
	head = head[syncOffset(head):]
	r.instructions(&b, head, r.rip-uint64(len(head)))
	r.instructions(&b, bytes(from), r.rip)
	return b.String()
}

// instructions writes the instructions of some code, up to one that is cut off or none.
func (r *guestReport) instructions(b *strings.Builder, code []byte, address uint64) {
	for len(code) > 0 {
		instruction, ok := decode(code)
		if !ok {
			return
		}
		arrow := "   "
		if address == r.rip {
			arrow = "-->"
		}
		fmt.Fprintf(b, "  %s %016x  %s%s\n", arrow, address, x86asm.GNUSyntax(instruction, address, nil), r.target(instruction, address))
		code = code[instruction.Len:]
		address += uint64(instruction.Len)
	}
}

// target names the place that a jump or call goes to.
func (r *guestReport) target(instruction x86asm.Inst, address uint64) string {
	relative, jumps := instruction.Args[0].(x86asm.Rel)
	if !jumps || r.symbols == nil {
		return ""
	}
	place, ok := r.symbols.Lookup(address + uint64(instruction.Len) + uint64(relative))
	if !ok {
		return ""
	}
	return " <" + place + ">"
}

// decode decodes an instruction. The decoder takes a prefix with nothing behind it for one.
func decode(code []byte) (x86asm.Inst, bool) {
	instruction, err := x86asm.Decode(code, 64)
	return instruction, err == nil && instruction.Op != 0
}

// longest is the length of the longest instruction.
const longest = 15

// syncOffset finds where to begin in code that may start within an instruction, so that one ends at its end. Where
// there is no such place it is the end.
func syncOffset(code []byte) int {
	for start := range min(longest, len(code)) {
		rest := code[start:]
		for len(rest) > 0 {
			instruction, ok := decode(rest)
			if !ok {
				break
			}
			rest = rest[instruction.Len:]
		}
		if len(rest) == 0 {
			return start
		}
	}
	return len(code)
}
