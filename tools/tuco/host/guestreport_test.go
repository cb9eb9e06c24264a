package host

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The code around RIP starts with the end of an instruction, and ends with the start of one.
func TestReportIsDisassembled(t *testing.T) {
	guest := &Symbols{functions: []function{{"crash", 0x1000, 0x1030}}}
	report := guestReport{symbols: guest}
	var b strings.Builder
	for line := range strings.Lines(`error: domain 0 (Domain-0) vcpu 1: the page fault of #PF
error: rip 0000000000001010  rsp 0000000000001018  rflags 0000000000000246
error: code: ff4883ec0889df <0f> 0be8efffffff48
error: stack: 0000000000002000 0000000000001020
`) {
		b.WriteString(report.annotate(line))
	}
	assert.Equal(t, `error: domain 0 (Domain-0) vcpu 1: the page fault of #PF
error: rip 0000000000001010 <crash+0x10>  rsp 0000000000001018 <crash+0x18>  rflags 0000000000000246
error: code: ff4883ec0889df <0f> 0be8efffffff48
      000000000000100a  sub $0x8,%rsp
      000000000000100e  mov %ebx,%edi
  --> 0000000000001010  ud2
      0000000000001012  callq 0x1006 <crash+0x6>
error: stack: 0000000000002000 0000000000001020 <crash+0x20>
`, b.String())
}

// Addresses in a report are the guest's, before and after it the hypervisor's.
func TestReportsHaveAddressesOfTheirOwn(t *testing.T) {
	image := &Symbols{functions: []function{{"main.run", 0xffffffff80201000, 0xffffffff80201100}}}
	log := "error: at ffffffff80201008\nerror: domain 3 (a) vcpu 0: x\nerror: rip ffffffff80201008\ntrace: \nerror: at ffffffff80201009\n"
	assert.Equal(t, "error: at ffffffff80201008 <main.run+0x8>\nerror: domain 3 (a) vcpu 0: x\nerror: rip ffffffff80201008\n"+
		"trace: \nerror: at ffffffff80201009 <main.run+0x9>\n", annotate(log, image, "/nonexistent"))
	assert.Equal(t, log, annotate(log, nil, ""))
}

// Each report has a RIP of its own.
func TestReportsInARow(t *testing.T) {
	one := "error: domain 1 (a) vcpu 0: x\nerror: rip 0000000000001000\nerror: code: <90>\n"
	two := strings.ReplaceAll(strings.ReplaceAll(one, "1000", "2000"), "domain 1", "domain 2")
	assert.Equal(t, one+"  --> 0000000000001000  nop\n"+two+"  --> 0000000000002000  nop\n", annotate(one+two, nil, ""))
}

func TestReportsWithoutSense(t *testing.T) {
	for _, lines := range []string{
		"error: code: 4883 <0f>0b\n",                                    // no RIP
		"error: rip 0000000000000001\nerror: code: 4 <0f>\n",            // half a byte, a cut instruction
		"error: rip 0000000000000001\nerror: code: <>0b\n",              // no byte at RIP
		"error: rip 0000000000000001\nerror: code: 0606060606 <06>06\n", // no instructions
		"error: rip 00000000000000012\nerror: code: <90>\n",             // too long for an address
		"rip 0000000000000001\nerror: code: <90>\n",                     // not a part of it
	} {
		log := "error: domain 1 (a) vcpu 0: x\n" + lines
		assert.Equal(t, log, annotate(log, nil, ""))
	}
}

func TestSyncOffset(t *testing.T) {
	for _, test := range []struct {
		code string
		want int
	}{
		{"", 0},
		{"\x90\x90", 0},
		{"\x48", 1},             // never ends
		{"\x08\x90", 1},         // or with a register: needs the byte after
		{"\x06\x06\x06\x90", 3}, // not instructions in 64-bit mode
	} {
		assert.Equal(t, test.want, syncOffset([]byte(test.code)), "%x", test.code)
	}
}
