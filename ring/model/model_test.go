package model

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestModels: no order of steps loses a wake-up or a slot, and one without a step is found out.
func TestModels(t *testing.T) {
	t.Parallel()
	const asleep, wrong = "invalid end state", "assertion violated"
	for _, c := range []struct{ model, without, fault string }{
		{"ring", "", ""},
		{"ring", "FRONT_NO_CHECK", asleep},
		{"ring", "BACK_NO_CHECK", asleep},
		{"ring", "FRONT_NO_BARRIER", asleep},
		{"ring", "BACK_NO_BARRIER", asleep},
		{"ring", "PUSH_NO_BARRIER", asleep},
		{"ring", "INDEX_FIRST", wrong},
		{"bytes", "", ""},
		{"bytes", "NO_ROOM_NOTICE", asleep},
		{"bytes", "ONLY_WHEN_EMPTY", asleep},
		{"bytes", "INDEX_FIRST", wrong},
	} {
		t.Run(c.model+"/"+c.without, func(t *testing.T) {
			t.Parallel()
			said := check(t, c.model, c.without)
			errors := errorCount.FindStringSubmatch(said)
			require.NotNil(t, errors, said)
			require.NotContains(t, said, "search depth too small", said)
			if c.fault != "" {
				assert.NotEqual(t, "0", errors[1], said)
				assert.Contains(t, said, c.fault)
				return
			}
			assert.Equal(t, "0", errors[1], said)
			states, err := strconv.Atoi(stateCount.FindStringSubmatch(said)[1])
			require.NoError(t, err)
			assert.Greater(t, states, 1000, "a model that does something")
		})
	}
}

var (
	errorCount = regexp.MustCompile(`errors: (\d+)`)
	stateCount = regexp.MustCompile(`(\d+) states, stored`)
)

// check has spin look at all states of a model, and returns what it says.
func check(t *testing.T, model, without string) string {
	text, err := filepath.Abs(model + ".pml")
	require.NoError(t, err)
	var define []string
	if without != "" {
		define = []string{"-D" + without}
	}
	dir := t.TempDir()
	run := func(name string, args ...string) string {
		if _, err := exec.LookPath(name); err != nil && filepath.Base(name) == name {
			name = filepath.Join("../../out/deps/usr/bin", name) // where tools/deps unpacks packages for those who are not root
			require.FileExists(t, name, "run tools/deps test (Debian's packages spin and gcc)")
			name, err = filepath.Abs(name)
			require.NoError(t, err)
		}
		cmd := exec.Command(name, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C")
		said, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", name, said)
		return string(said)
	}
	run("spin", append(append([]string{"-a"}, define...), text)...)
	run("gcc", "-w", "-O0", "-DSAFETY", "-o", "pan", "pan.c")
	return run(filepath.Join(dir, "pan"), "-m100000")
}
