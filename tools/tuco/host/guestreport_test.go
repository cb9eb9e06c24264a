package host

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A report with code around RIP: the first byte is the end of an instruction, the last the start of one.
const sampleReport = `report: domain 0 vcpu 1: page fault
  RIP 0000000000001010  RSP 0000000000001018
  code: ff 4883ec08 89df <0f>0b e8efffffff 48
  stack: 0000000000002000 0000000000001020
report: end
`

func TestReportIsDisassembled(t *testing.T) {
	guest := &Symbols{functions: []function{{"crash", 0x1000, 0x1030}}}
	report := guestReport{symbols: guest}
	var b strings.Builder
	for line := range strings.Lines(sampleReport) {
		b.WriteString(report.annotate(line))
	}
	assert.Equal(t, `report: domain 0 vcpu 1: page fault
  RIP 0000000000001010 <crash+0x10>  RSP 0000000000001018 <crash+0x18>
  code: ff 4883ec08 89df <0f>0b e8efffffff 48
      000000000000100a  sub $0x8,%rsp
      000000000000100e  mov %ebx,%edi
  --> 0000000000001010  ud2
      0000000000001012  callq 0x1006 <crash+0x6>
  stack: 0000000000002000 0000000000001020 <crash+0x20>
report: end
`, b.String())
}

// Addresses in a report are the guest's, before and after it the hypervisor's.
func TestReportsHaveAddressesOfTheirOwn(t *testing.T) {
	image := &Symbols{functions: []function{{"main.run", 0xffffffff80201000, 0xffffffff80201100}}}
	log := "at ffffffff80201008\nreport: domain 3 vcpu 0: x\n RIP ffffffff80201008\nreport: end\nat ffffffff80201009\n"
	assert.Equal(t, "at ffffffff80201008 <main.run+0x8>\nreport: domain 3 vcpu 0: x\n RIP ffffffff80201008\n"+
		"report: end\nat ffffffff80201009 <main.run+0x9>\n", annotate(log, image, "/nonexistent"))
	assert.Equal(t, log, annotate(log, nil, ""))
}

func TestReportsWithoutSense(t *testing.T) {
	for _, line := range []string{
		"  code: 4883 <0f>0b\n",                               // no RIP
		"  RIP 0000000000000001\n  code: 4 <0f>\n",            // half a byte, a cut instruction
		"  RIP 0000000000000001\n  code: <>0b\n",              // no byte at RIP
		"  RIP 0000000000000001\n  code: 0606060606 <06>06\n", // no instructions
		"  RIP 00000000000000012\n  code: <90>\n",             // too long for an address
	} {
		assert.Equal(t, "report: domain 1 vcpu 0: x\n"+line, annotate("report: domain 1 vcpu 0: x\n"+line, nil, ""))
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
