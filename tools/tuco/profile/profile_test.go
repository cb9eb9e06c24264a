package profile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// names are functions of 256 bytes, by where they start.
type names map[uint64]string

func (n names) Function(address uint64) (string, uint64, bool) {
	start := address &^ 0xff
	name, ok := n[start]
	return name, start, ok
}

func (n names) Address(function string) (uint64, bool) {
	for address, name := range n {
		if name == function {
			return address, true
		}
	}
	return 0, false
}

var someBlocks = []Block{
	{0xffffffff80200000, 10, 7}, // run begins
	{0xffffffff80200010, 5, 14}, // within run
	{0xffffffff80200000, 3, 1},  // run begins, translated again
	{0xffffffff80200100, 2, 4},  // enter
	{0x40000100, 100, 3},        // the guest's main
	{0x40000300, 1, 6},          // of no name
	{0xffffffff81000000, 1, 50}, // a kernel with no symbols
	{0xffff82d040200000, 1, 2},
	{0x7c00, 4, 1},
	{0x8000, 4, 0}, // never
}

func someProfile() *Profile {
	return New(someBlocks,
		Part{"hypervisor", names{0xffffffff80200000: "trap.Run", 0xffffffff80200100: "svm.Enter"}},
		Part{"guest", names{0x40000100: "main.main", 0xffffffff80200000: "hidden"}})
}

func TestProfile(t *testing.T) {
	p := someProfile()
	assert.Equal(t, []Line{
		{"guest", "main.main", 300, 3},
		{"hypervisor", "trap.Run", 143, 8},
		{"guest", "(kernel)", 50, 0},
		{"hypervisor", "svm.Enter", 8, 4},
		{"guest", "(user)", 6, 0},
		{"firmware", "(below 1 MiB)", 4, 0},
		{"hypervisor", "(in the guest's address space)", 2, 0},
	}, p.Lines)
	assert.EqualValues(t, 513, p.Instructions)
	assert.EqualValues(t, 4, p.Calls("hypervisor", "svm.Enter"))
	assert.Zero(t, p.Calls("guest", "svm.Enter"))
}

func TestPrint(t *testing.T) {
	var b strings.Builder
	require.NoError(t, someProfile().Print(&b, 3, 1))
	assert.Equal(t, `    instructions      %          calls   per call
             513 100.00                            all
             356  69.40                            guest
             153  29.82                            hypervisor
               4   0.78                            firmware

             300  58.48              3      100.0  guest main.main
             143  27.88              8       17.9  hypervisor trap.Run
              50   9.75                            guest (kernel)
              20   3.90                            4 others
`, b.String())
}

func TestPrintForEachOperation(t *testing.T) {
	var b strings.Builder
	require.NoError(t, New([]Block{{0x40000100, 100, 3}}, Part{"guest", names{0x40000100: "main.main"}}).Print(&b, 40, 8))
	assert.Equal(t, `    instructions      %          calls   per call
           37.50 100.00                            all
           37.50 100.00                            guest

           37.50 100.00           0.38      100.0  guest main.main
`, b.String())
}
