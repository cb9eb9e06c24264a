package host

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// highProgram builds a Go program at a kernel's addresses and gives the address of its main.marked.
func highProgram(t *testing.T) (path string, marked uint64) {
	t.Helper()
	dir := t.TempDir()
	source := "package main\n\nfunc main() { marked() }\n\n//go:noinline\nfunc marked() {\n\tprintln(1)\n}\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "high.go"), []byte(source), 0o644))
	path = filepath.Join(dir, "high")
	// The linker takes the address as a signed number.
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-T -0x7fe00000", "-o", path, filepath.Join(dir, "high.go"))
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	output, err := build.CombinedOutput()
	require.NoError(t, err, "%s", output)
	file, err := elf.Open(path)
	require.NoError(t, err)
	defer file.Close()
	symbols, err := file.Symbols()
	require.NoError(t, err)
	for _, symbol := range symbols {
		if symbol.Name == "main.marked" {
			return path, symbol.Value
		}
	}
	require.Fail(t, "no main.marked")
	return "", 0
}

func TestAnnotate(t *testing.T) {
	path, marked := highProgram(t)
	symbols, err := LoadSymbols(path)
	require.NoError(t, err)

	address, ok := symbols.Address("main.marked")
	assert.True(t, ok)
	assert.Equal(t, marked, address)
	_, ok = symbols.Address("main.nonsuch")
	assert.False(t, ok)

	log := fmt.Sprintf("rip %016x and %#x\nffffffff00000000 0xffffffff8fffffff 1%x\n%x x.go:1\n", marked+1, marked, marked, marked)
	want := fmt.Sprintf("rip %016x <main.marked+0x1 high.go:6>", marked+1) +
		fmt.Sprintf(" and %#x <main.marked+0x0 high.go:6>\n", marked) +
		fmt.Sprintf("ffffffff00000000 0xffffffff8fffffff 1%x\n%x x.go:1\n", marked, marked)
	assert.Equal(t, want, symbols.Annotate(log))
}

func TestLoadSymbolsRefuses(t *testing.T) {
	_, err := LoadSymbols(someFile(t, "not-elf"))
	assert.Error(t, err)
	_, err = LoadSymbols("/nonexistent")
	assert.Error(t, err)
}
