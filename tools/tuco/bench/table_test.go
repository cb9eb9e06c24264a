package bench

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	exits := 1.0
	table, err := Parse("some line\n" + header + "\nnull\t1\t209.0\t1.00\nmap batch 2\t2\t734.5\t-\ngrant map\t1\tabsent\tENOSYS\nbench: done\nwhat comes after: done\n")
	require.NoError(t, err)
	require.Equal(t, Table{
		{Op: "null", Div: 1, Ticks: 209, Exits: &exits},
		{Op: "map batch 2", Div: 2, Ticks: 734.5},
		{Op: "grant map", Div: 1, Absent: "ENOSYS"},
	}, table)
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct{ name, console, says string }{
		{"nothing", "", "the guest has not come so far"},
		{"a header alone", header + "\n", "it has no end"},
		{"a table that is cut off", header + "\nnull\t1\t209.0\t1.00\n", "it has no end"},
		{"a guest that failed", header + "\nnull\t1\t209.0\t1.00\nbench: no memory\n", `the guest says "bench: no memory"`},
		{"too few fields", header + "\nnull\t1\t209.0\nbench: done\n", "three numbers"},
		{"no name", header + "\n\t1\t209.0\t-\nbench: done\n", "three numbers"},
		{"no operations", header + "\nnull\t0\t209.0\t-\nbench: done\n", "second field"},
		{"words for ticks", header + "\nnull\t1\tmany\t-\nbench: done\n", "third field"},
		{"less than nothing", header + "\nnull\t1\t-5\t-\nbench: done\n", "third field"},
		{"not a number", header + "\nnull\t1\tNaN\t-\nbench: done\n", "third field"},
		{"words for exits", header + "\nnull\t1\t5\tfew\nbench: done\n", "fourth field"},
		{"a row twice", header + "\nnull\t1\t5\t-\nnull\t1\t5\t-\nbench: done\n", `two rows "null"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse(test.console)
			require.ErrorIs(t, err, ErrTable)
			require.ErrorContains(t, err, test.says)
		})
	}
}

// What a guest prints is its own affair: whatever it is, the parser says no, or gives rows that make sense.
func FuzzParse(f *testing.F) {
	f.Add(header + "\nnull\t1\t209.0\t1.00\nbench: done\n")
	f.Add(header + "\ngrant map\t1\tabsent\tENOSYS\nbench: done\n")
	f.Fuzz(func(t *testing.T, console string) {
		table, err := Parse(console)
		if err != nil {
			assert.ErrorIs(t, err, ErrTable)
			return
		}
		for _, row := range table {
			assert.NotEmpty(t, row.Op)
			assert.Positive(t, row.Div)
			assert.GreaterOrEqual(t, row.Ticks, 0.0)
		}
	})
}

// A guest's lines are among others' on the control domain's console.
func TestConsoleOf(t *testing.T) {
	const console = "level=INFO msg=x\nbench: op\tdiv\nother: bench: 1\nbench: a: done\nbenches: 2\n"
	assert.Equal(t, "op\tdiv\na: done\n", ConsoleOf("bench", console))
	assert.Equal(t, console, ConsoleOf("", console))
}

func TestJoinDevices(t *testing.T) {
	var on, off Table
	for i, op := range slices.Concat(DeviceOps(), StoreOps(), ControlOps()) {
		exits := 2.0
		on, off = append(on, Row{Op: op, Div: 1, Ticks: float64(1000 + i), Exits: &exits}), append(off, Row{Op: op, Div: 1, Ticks: 2000, Exits: &exits})
	}
	var r Report
	require.NoError(t, r.JoinDevices(on, off))
	require.Len(t, r.Rows, len(on))
	assert.Equal(t, 0.011, *r.Rows[0].Ratio, "1000 of 93,000")
	assert.Equal(t, 2000.0, *r.Rows[0].TucoStubOff)
	assert.Empty(t, r.Missing(nil), "that Xen has no number of its own here is known")
	var text bytes.Buffer
	require.NoError(t, r.WriteMarkdown(&text))
	assert.Contains(t, text.String(), "| 93000.0* |")
	assert.Contains(t, text.String(), `\* Debian's Xen 4.17.7, of another run: a Linux guest's direct I/O`)
	require.NoError(t, r.JoinLinuxGuest(on, off))
	last := r.Rows[len(r.Rows)-1]
	assert.Equal(t, "Linux guest: "+guestMade, last.Op)
	assert.Nil(t, last.Xen, "nobody has measured that on Xen in the same way")
	require.ErrorContains(t, r.JoinDevices(on[1:], off), "no guest has measured "+on[0].Op)
}
