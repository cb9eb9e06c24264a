package host

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/mkbundle"
)

// fakePrograms makes the only PATH a directory with the given shell scripts, besides the system's own.
func fakePrograms(t *testing.T, scripts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range scripts {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+text), 0o755))
	}
	t.Setenv("PATH", dir+":/nonexistent")
	return dir
}

func TestQEMUCommandLine(t *testing.T) {
	bin := fakePrograms(t, map[string]string{"qemu-system-x86_64": "exit 0\n"})
	image := someFile(t, "tuco.elf")
	bundle := someFile(t, "bundle.cpio")
	plan, err := NewPlan(Spec{
		Image: image, Bundle: bundle, CPUs: 4, Memory: 512 * MiB, Append: "selftest loglvl=all", ICount: true,
		Debug: true, ExtraArgs: []string{"-machine", "acpi=off"},
	}, "/run/x", Programs{})
	require.NoError(t, err)
	want := bin + "/qemu-system-x86_64 -accel tcg -cpu EPYC,+svm,check=off -smp 4 -m 512M -nodefaults -no-user-config" +
		" -vga none -display none -monitor none -no-reboot -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=4" +
		" -icount shift=0,sleep=off -S -gdb tcp:127.0.0.1:1234 -kernel " + image + " -initrd " + bundle +
		" -append 'selftest loglvl=all' -machine acpi=off"
	assert.Equal(t, want, ShellQuote(plan.Args...))
	assert.Empty(t, plan.Files)
	assert.Empty(t, plan.Env)

	plan, err = NewPlan(Spec{Image: image, Bundle: bundle, Boot: ISO, Append: "selftest"}, "/run/x", Programs{})
	require.NoError(t, err)
	assert.True(t, strings.HasSuffix(ShellQuote(plan.Args...), "iosize=4 -cdrom /run/x/tuco.iso"))
}

func TestXenCommandLine(t *testing.T) {
	bin := fakePrograms(t, map[string]string{"qemu-system-x86_64": "exit 0\n"})
	xen, kernel, ramdisk := someFile(t, "xen"), someKernel(t), someFile(t, "a,b")
	plan, err := NewPlan(Spec{
		Hypervisor: Xen, Image: xen, CPUs: 2, Memory: 512 * MiB, Append: "noreboot",
		Dom0: &Domain0{Kernel: kernel, Args: "console=hvc0,9600 quiet", Ramdisk: ramdisk, Memory: 256 * MiB, VCPUs: 1},
	}, "/run/x", Programs{})
	require.NoError(t, err)
	want := bin + "/qemu-system-x86_64 -accel tcg -cpu EPYC,-smap,-monitor,-rdtscp,check=off -smp 2 -m 512M -nodefaults" +
		" -no-user-config -vga none -display none -monitor none -no-reboot -serial stdio -kernel " + xen +
		" -initrd '" + kernel + " console=hvc0,,9600 quiet," + strings.ReplaceAll(ramdisk, ",", ",,") + "'" +
		" -append 'console=com1 com1=115200,8n1 loglvl=all guest_loglvl=all dom0_mem=256M dom0_max_vcpus=1 noreboot'"
	assert.Equal(t, want, ShellQuote(plan.Args...))
	assert.Empty(t, plan.Bundle)
}

func TestDomain0Bundle(t *testing.T) {
	fakePrograms(t, map[string]string{"qemu-system-x86_64": "exit 0\n"})
	plan, err := NewPlan(Spec{
		Image: someFile(t, "tuco.elf"), CPUs: 2, Memory: 512 * MiB, Dom0: &Domain0{Kernel: someKernel(t), Args: " quiet "},
	}, t.TempDir(), Programs{})
	require.NoError(t, err)
	assert.Contains(t, ShellQuote(plan.Args...), " -initrd "+plan.Bundle)
	require.NoError(t, plan.prepare(t.Context()))
	archive, err := os.ReadFile(plan.Bundle)
	require.NoError(t, err)
	require.NoError(t, mkbundle.Check(archive))
	assert.Contains(t, string(archive), "name Domain-0\nkernel kernel\nargs quiet\nmemory 447M\nvcpus 2\nprivileged yes\n")
	plan.cleanUp()
	assert.NoFileExists(t, plan.Bundle)
}

func TestScriptIsShell(t *testing.T) {
	bin := fakePrograms(t, map[string]string{"qemu-system-x86_64": "exit 0\n", "iso-maker": "exit 0\n"})
	image := someFile(t, "tuco.elf")
	dir := filepath.Join(t.TempDir(), "it's here")
	plan, err := NewPlan(Spec{Image: image, Boot: ISO, Append: "a 'b"}, dir, Programs{})
	require.NoError(t, err)
	var script strings.Builder
	require.NoError(t, plan.Script(&script, "iso-maker"))
	quoted := `'` + strings.ReplaceAll(dir, "'", `'\''`)
	lines := strings.Split(script.String(), "\n")
	assert.Equal(t, "mkdir -p "+quoted+"'", lines[0])
	assert.Equal(t, "iso-maker iso --image "+image+" -o "+quoted+`/tuco.iso' --append 'a '\''b'`, lines[1])
	assert.True(t, strings.HasPrefix(lines[2], bin+"/qemu-system-x86_64 -accel tcg"), lines[2])
	require.NoError(t, exec.Command("/bin/sh", "-n", "-c", script.String()).Run())
}

func TestUnpackedPrograms(t *testing.T) {
	t.Setenv("PATH", "/nonexistent")
	image := someFile(t, "tuco.elf")
	_, err := NewPlan(Spec{Image: image}, "/run/x", Programs{})
	require.ErrorIs(t, err, ErrMissing)
	require.ErrorContains(t, err, "Debian package qemu-system-x86 ")
	_, err = NewPlan(Spec{Image: image, Emulator: Bochs}, "/run/x", Programs{})
	require.ErrorIs(t, err, ErrMissing)
	require.ErrorContains(t, err, "Debian package bochs ")

	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "usr/bin"), 0o755))
	emulator := filepath.Join(root, "usr/bin/qemu-system-x86_64")
	require.NoError(t, os.WriteFile(emulator, []byte("#!/bin/sh\n"), 0o755))
	plan, err := NewPlan(Spec{Image: image}, "/run/x", Programs{Unpacked: root})
	require.NoError(t, err)
	assert.Equal(t, []string{emulator, "-L", root + "/usr/share/qemu", "-L", root + "/usr/share/seabios"}, plan.Args[:5])
	assert.Contains(t, strings.Join(plan.Env, "\n"), "LD_LIBRARY_PATH="+root+"/usr/lib/x86_64-linux-gnu")
}

func TestBochsConfiguration(t *testing.T) {
	fakePrograms(t, map[string]string{"bochs": "exit 0\n"})
	root := t.TempDir() // stands in for the BIOS packages where they are not installed
	for _, path := range []string{"usr/share/bochs/BIOS-bochs-latest", "usr/share/vgabios/vgabios.bin"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, filepath.Dir(path)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, path), nil, 0o644))
	}
	spec := Spec{Image: someFile(t, "tuco.elf"), Emulator: Bochs, CPUs: 2, Memory: 256 * MiB}
	plan, err := NewPlan(spec, "/run/x", Programs{Unpacked: root})
	require.NoError(t, err)
	assert.Equal(t, "/run/x/tuco.iso", plan.ISO)
	require.Len(t, plan.Files, 2)
	rc := plan.Files[0].Text
	for _, line := range []string{
		`display_library: rfb, options="timeout=0"`,
		"megs: 256",
		"cpu: model=corei7_skylake_x, count=2, ips=20000000, reset_on_triple_fault=0",
		"clock: sync=none",
		"ata0-master: type=cdrom, path=/run/x/tuco.iso, status=inserted",
		"boot: cdrom",
		"com1: enabled=1, mode=term, dev=@COM1@",
		"panic: action=fatal",
	} {
		assert.Contains(t, strings.Split(rc, "\n"), line)
	}
	assert.Equal(t, "c\n", plan.Files[1].Text)
	assert.Equal(t, []string{"-q", "-f", "/run/x/bochsrc", "-rc", "/run/x/bochs.commands"}, plan.Args[1:])

	var script strings.Builder
	require.NoError(t, plan.Script(&script, "tuco"))
	assert.Contains(t, script.String(), "\ncom1: enabled=1, mode=file, dev=/run/x/hypervisor.log\n")

	spec.Debug = true
	plan, err = NewPlan(spec, "/run/x", Programs{Unpacked: root})
	require.NoError(t, err)
	assert.NotContains(t, plan.Args, "-rc", "the debugger is left to the user")
}

func TestGRUBConfiguration(t *testing.T) {
	assert.Equal(t, `set timeout=0
set default=0
menuentry "Tuco" {
	multiboot2 /boot/tuco.elf 'selftest' 'a=it'\''s;$x'
	module2 /boot/bundle.cpio bundle
	boot
}
`, grubConfig("selftest  a=it's;$x", true))
	assert.NotContains(t, grubConfig("", false), "module2")
}

func TestShellQuote(t *testing.T) {
	words := []string{"plain", "", "two words", "it's", "$HOME", "a;b", "x=y,z:1", "ä", "*"}
	output, err := exec.Command("/bin/sh", "-c", `printf '%s\n' `+ShellQuote(words...)).Output()
	require.NoError(t, err)
	assert.Equal(t, strings.Join(words, "\n")+"\n", string(output))
}
