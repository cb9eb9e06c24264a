//go:build boot

package qemutests

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/qemu-tests/shim"
	"tuco/tools/mkbundle"
	"tuco/tools/tuco/host"
)

// A bad bundle is told of, with the line that is wrong, and never ends in silence: the machine halts, or goes on
// without the bundle.
func TestBadBundle(t *testing.T) {
	t.Parallel()
	archive := func(config string) []byte {
		return packed(t, mkbundle.File{Name: mkbundle.ConfigName, Data: []byte(config)},
			mkbundle.File{Name: "k", Data: bytes.Repeat([]byte("kernel"), 1000)})
	}
	good := archive("name a\nkernel k\nmemory 64\n")
	for _, test := range []struct {
		name string
		data []byte
		want string
	}{
		{"truncated", good[:len(good)/2], `boot bundle: it is truncated`},
		{"truncated-header", good[:50], `boot bundle: it is truncated: at offset 0`},
		{"not-an-archive", bytes.Repeat([]byte("no archive "), 100), `boot bundle: expected a newc cpio archive`},
		{"no-config", packed(t, mkbundle.File{Name: "k", Data: []byte("x")}), `boot bundle: no boot\.cfg`},
		{"unknown-key", archive("name a\nkernel k\nmemry 64\n"), `boot\.cfg line 3: unknown key .memry. \(did you mean memory\?\)`},
		{"bad-number", archive("name a\nkernel k\n\n# comment\nmemory lots\n"), `boot\.cfg line 5: memory: .lots. is not allowed`},
		{"missing-file", archive("name a\nkernel nonsuch\n"), `boot\.cfg line 2: .*no file .nonsuch`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "bundle.cpio")
			require.NoError(t, os.WriteFile(path, test.data, 0o644))
			outcome := boot(t, host.Spec{Bundle: path, Append: "selftest"})
			requireLog(t, outcome, `(?m)^.*`+test.want)
			requireSane(t, outcome)
		})
	}
}

// packed makes a boot bundle.
func packed(t *testing.T, files ...mkbundle.File) []byte {
	t.Helper()
	archive, err := mkbundle.Bytes(files)
	require.NoError(t, err)
	return archive
}

// requireSane requires that a machine with bad input came to an end of its own: a halt, or a passed self-test.
func requireSane(t *testing.T, outcome *host.Outcome) {
	t.Helper()
	requireHead(t, outcome)
	require.Contains(t, []host.End{host.Halted, host.PoweredOff}, outcome.End, "%v", outcome)
	requireNoLog(t, outcome, "crash on cpu")
	if outcome.End == host.PoweredOff {
		requireSelfTest(t, outcome)
	}
}

func TestLittleMemory(t *testing.T) {
	t.Parallel()
	for name, spec := range map[string]host.Spec{
		"qemu-pvh":    {CPUs: 2},
		"qemu-iso":    {CPUs: 2, Boot: host.ISO},
		"bochs-intel": {Emulator: host.Bochs},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec.Memory, spec.Append = 64*host.MiB, "selftest"
			requireSelfTest(t, boot(t, spec))
		})
	}
}

func TestLongCommandLine(t *testing.T) {
	t.Parallel()
	for name, spec := range map[string]host.Spec{"qemu-pvh": {}, "qemu-iso": {Boot: host.ISO}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// 4 KiB in all, of words that nobody knows.
			spec.Append = "selftest" + strings.Repeat(" abcdefg", 511)
			require.Len(t, spec.Append, 4096)
			outcome := boot(t, spec)
			requireSelfTest(t, outcome)
			requireLog(t, outcome, `(?m)^warning: command line: `)
			require.Less(t, strings.Count(outcome.Log, "warning: "), 30, "the log is not flooded")
		})
	}
}

func TestUnknownOption(t *testing.T) {
	t.Parallel()
	outcome := boot(t, host.Spec{Append: "selftst selftest maxcpus=many nonsuch=1"})
	requireSelfTest(t, outcome)
	requireLog(t, outcome, `(?m)^warning: command line: .*selftst.*did you mean selftest`)
	requireLog(t, outcome, `(?m)^warning: command line: .*maxcpus=many.*maxcpus takes`)
	requireLog(t, outcome, `(?m)^warning: command line: .*nonsuch=1`)
}

// Without ACPI tables there is one CPU, and the machine can't switch itself off: QEMU has no other way. Where only the
// loader's pointer to the tables is wrong, they are found where a BIOS leaves them.
func TestNoCPUTables(t *testing.T) {
	t.Parallel()
	pc := host.Spec{CPUs: 2, Append: "selftest"}
	t.Run("machine-without-acpi", func(t *testing.T) {
		t.Parallel()
		spec := pc
		spec.ExtraArgs = []string{"-machine", "acpi=off"}
		outcome := boot(t, spec)
		_, failed, ran := host.SelfTest(outcome.Log)
		require.True(t, ran)
		require.Zero(t, failed)
		requireLog(t, outcome, `(?m)^warning: .*ACPI`)
		requireLog(t, outcome, `(?m)^tuco: power off$`)
	})
	for name, s := range map[string]*shim.Shim{
		"no-rsdp":                new(shim.Shim).Set64(shim.RSDP, 0),
		"rsdp-outside-ram":       new(shim.Shim).Set64(shim.RSDP, 1<<45),
		"rsdp-is-something-else": new(shim.Shim).Point(shim.RSDP, []byte("RSD PTR nothing of the kind is here")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := pc
			spec.Image = wrapped(t, s)
			requireSelfTest(t, boot(t, spec))
		})
	}
}

// wrapped makes a copy of the image that is entered through a shim.
func wrapped(t *testing.T, s *shim.Shim) string {
	t.Helper()
	data, err := os.ReadFile(image)
	require.NoError(t, err)
	data, err = s.Wrap(data)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "wrapped.elf")
	require.NoError(t, os.WriteFile(path, data, 0o644))
	return path
}

func TestBadBootInformation(t *testing.T) {
	t.Parallel()
	halts := requireHalt
	either := func(t *testing.T, outcome *host.Outcome, _ string) { requireSane(t, outcome) }
	goesOn := func(t *testing.T, outcome *host.Outcome, _ string) { requireSelfTest(t, outcome) }
	onlyPowersOff := func(t *testing.T, outcome *host.Outcome, _ string) { requirePowerOff(t, outcome) }
	for _, test := range []struct {
		name string
		shim *shim.Shim
		want string // in the log
		end  func(*testing.T, *host.Outcome, string)
	}{
		{"harmless", new(shim.Shim).Set32(shim.Flags, 0), `tuco`, goesOn},
		{"no-memory-map", new(shim.Shim).Set32(shim.MemoryEntries, 0).Set64(shim.MemoryMap, 0), `no memory map`, halts},
		{"memory-map-beyond-physical-memory", new(shim.Shim).Set64(shim.MemoryMap, 1<<60), `memory map`, halts},
		{"endless-memory-map", new(shim.Shim).Set32(shim.MemoryEntries, 0xffffffff), `memory map`, either},
		{"module-outside-ram", new(shim.Shim).Modules(shim.Module{Address: 0xc0000000, Size: 4096}), `module 0 .*not in RAM`, goesOn},
		{"module-beyond-physical-memory", new(shim.Shim).Modules(shim.Module{Address: 1 << 60, Size: 4096}), `module 0 `, goesOn},
		{"module-wraps", new(shim.Shim).Modules(shim.Module{Address: 1 << 20, Size: 1<<64 - 4096}), `module 0 `, goesOn},
		{"module-over-the-image", new(shim.Shim).Modules(shim.Module{Address: 0x101000, Size: 16}), `module 0 .*overlaps the hypervisor's image`, goesOn},
		{"module-list-outside-ram", new(shim.Shim).Set32(shim.ModuleCount, 1).Set64(shim.ModuleList, 1<<60), `module`, goesOn},
		{"countless-modules", new(shim.Shim).Set32(shim.ModuleCount, 1<<31), `module`, goesOn},
		{"command-line-outside-ram", new(shim.Shim).Set64(shim.CommandLine, 1<<60), `command line`, onlyPowersOff},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var with []option
			if strings.HasPrefix(test.name, "command-line") { // nothing tells it to test itself and end
				keys := newKeyboard()
				with = append(with, typing(keys), watching(keys.when(readyForKeys, powerOffKey)))
			} else {
				test.shim.Point(shim.CommandLine, []byte("selftest\x00"))
			}
			outcome := boot(t, host.Spec{Image: wrapped(t, test.shim)}, with...)
			requireLog(t, outcome, `(?m)^.*`+test.want)
			test.end(t, outcome, test.want)
		})
	}
}
