//go:build boot

package qemutests

import (
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// runTool runs the command line tool in the source tree, and gives its exit status and all that it says.
func runTool(t *testing.T, args ...string) (status int, said string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "out/tuco", args...)
	cmd.Dir = ".."
	output, err := cmd.CombinedOutput()
	if failed := (*exec.ExitError)(nil); !errors.As(err, &failed) {
		require.NoError(t, err)
	}
	return cmd.ProcessState.ExitCode(), string(output)
}

// junitReport is what a reader of such files wants to know.
type junitReport struct {
	Suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Cases    []struct {
			Name    string `xml:"name,attr"`
			Failure *struct {
				Message string `xml:"message,attr"`
			} `xml:"failure"`
			Output string `xml:"system-out"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

// Tests that users write pass and fail as they should: the examples, and one that wants from its guest what that does not do.
func TestUsersTests(t *testing.T) {
	t.Parallel()
	_, err := linuxImage()
	require.NoError(t, err)
	program, err := filepath.Abs(filepath.Join(programDir, "greeter.elf"))
	require.NoError(t, err)
	dir := t.TempDir()
	wrong := filepath.Join(dir, "wrong.boot")
	require.NoError(t, os.WriteFile(wrong, fmt.Appendf(nil, `name = "greeter"; kernel = %q; memory = 64
steps = [
    expect("what is your name"),
    send("bye"),
    expect("hello, bye"),
]
`, program), 0o644))
	junit, kept := filepath.Join(dir, "report.xml"), filepath.Join(dir, "kept")

	// Times in the examples are for a machine with nothing else to do.
	status, said := runTool(t, "test", "examples", wrong, "--junit", junit, "--artifacts", kept, "--patience", "5", "--jobs", "2", "-v")
	t.Log(said)
	assert.Equal(t, 1, status)
	failure := wrong + `:5: expect("hello, bye"): the host has ended; guest greeter ended by power off`
	assert.Contains(t, said, "] "+failure)
	assert.Contains(t, said, "2 passed, 1 failed\n")
	for name, want := range map[string]string{
		"greeter.console.log": `(?m)^greeter: goodbye$`, "hypervisor.log": `(?m)^tuco: power off$`, "command.txt": "qemu-system-x86_64", "failure.txt": "hello, bye",
	} {
		text, err := os.ReadFile(filepath.Join(kept, "wrong", name))
		require.NoError(t, err)
		assert.Regexp(t, want, string(text))
	}

	var report junitReport
	text, err := os.ReadFile(junit)
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal(text, &report))
	assert.Equal(t, 3, report.Suite.Tests)
	assert.Equal(t, 1, report.Suite.Failures)
	require.Len(t, report.Suite.Cases, 3)
	for k, name := range []string{"greeter", "linux", "wrong"} {
		c := report.Suite.Cases[k]
		assert.Equal(t, name, c.Name)
		assert.Equal(t, name == "wrong", c.Failure != nil)
		assert.NotEmpty(t, c.Output)
	}
	require.NotNil(t, report.Suite.Cases[2].Failure)
	assert.Contains(t, report.Suite.Cases[2].Failure.Message, failure)
}
