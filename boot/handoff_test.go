package boot

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// words is the names of a table of .quad in an assembly file, from a label to a pattern.
func words(t *testing.T, file, from, to string) []string {
	t.Helper()
	b, err := os.ReadFile("asm/" + file)
	require.NoError(t, err)
	_, text, ok := strings.Cut(string(b), "\n"+from+":")
	require.True(t, ok, from)
	text, _, ok = strings.Cut(text, to)
	require.True(t, ok, to)
	var all []string
	for _, line := range regexp.MustCompile(`(?m)^(\w*):?\t\.quad\t([^#\n]*)`).FindAllStringSubmatch(text, -1) {
		for word := range strings.SplitSeq(line[2], ",") {
			if word = strings.TrimSpace(word); word == "0" {
				word = line[1]
			}
			all = append(all, word)
		}
	}
	return all
}

func fields[T any]() []string {
	var all []string
	for f := range reflect.TypeFor[T]().Fields() {
		all = append(all, f.Name)
	}
	return all
}

// TestAssemblyTables compares the tables that assembly code and Go code share.
func TestAssemblyTables(t *testing.T) {
	assert.Equal(t, []string{"handoff_magic", "handoff_info", "boot_start", "boot_end",
		"trampoline_start", "trampoline_end", "trampoline_arguments",
		"stub_start", "stub_end", "selftest_guest_start", "selftest_guest_end",
		"text_0_start", "text_0_end", "text_1_start", "text_1_end", "text_2_start", "text_2_end",
		"text_3_start", "text_3_end", "rodata_start", "rodata_end", "data_start", "data_end",
	}, words(t, "head.S", "handoff", ".weak"))
	assert.Equal(t, []string{"Magic", "Info", "BootStart", "BootEnd",
		"TrampolineStart", "TrampolineEnd", "TrampolineArgs", "StubStart", "StubEnd", "SelftestStart", "SelftestEnd",
		"Text", "Rodata", "Data",
	}, fields[Handoff]())
	assert.Equal(t, []string{"Start", "End"}, fields[Part]())
	assert.EqualValues(t, 4, TextParts)

	assert.Equal(t, []string{"tramp_root", "tramp_entry", "tramp_cpu"},
		words(t, "trampoline.S", "trampoline_arguments", "trampoline_end"))
	assert.Equal(t, []string{"Root", "Entry", "CPU"}, fields[TrampolineArguments]())
}
