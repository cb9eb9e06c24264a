package host

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/tools/mkkernel"
)

// someFile makes a file that stands for an image or a bundle.
func someFile(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, []byte(name), 0o644))
	return path
}

// someKernel makes a file that looks like a kernel.
func someKernel(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vmlinux")
	require.NoError(t, os.WriteFile(path, mkkernel.Plain().Bytes(), 0o644))
	return path
}

func TestResolveDefaults(t *testing.T) {
	image := someFile(t, "tuco.elf")
	for _, test := range []struct{ in, want Spec }{
		{
			Spec{Image: image},
			Spec{Emulator: QEMU, Vendor: AMD, CPUModel: "EPYC,+svm,check=off", CPUs: 1, Memory: GiB, Boot: PVH, Accel: TCG, Hypervisor: Tuco, Image: image},
		},
		{
			Spec{Image: image, Emulator: Bochs},
			Spec{Emulator: Bochs, Vendor: Intel, CPUModel: "corei7_skylake_x", CPUs: 1, Memory: GiB, Boot: ISO, Hypervisor: Tuco, Image: image},
		},
		{
			Spec{Image: image, Emulator: Bochs, Vendor: AMD, CPUs: 2},
			Spec{Emulator: Bochs, Vendor: AMD, CPUModel: "ryzen", CPUs: 2, Memory: GiB, Boot: ISO, Hypervisor: Tuco, Image: image},
		},
		{
			Spec{Image: image, Emulator: Bochs, CPUModel: "ryzen"},
			Spec{Emulator: Bochs, Vendor: AMD, CPUModel: "ryzen", CPUs: 1, Memory: GiB, Boot: ISO, Hypervisor: Tuco, Image: image},
		},
	} {
		got, err := test.in.Resolve()
		require.NoError(t, err)
		assert.Equal(t, test.want, got)
	}
}

func TestResolveRefuses(t *testing.T) {
	image, kernel := someFile(t, "tuco.elf"), someKernel(t)
	ramdisk := someFile(t, "ramdisk")
	require.NoError(t, os.Truncate(ramdisk, int64(32*MiB)))
	for _, test := range []struct {
		name string
		spec Spec
		want string
	}{
		{"no image", Spec{}, "no image named"},
		{"missing image", Spec{Image: image + "x"}, "does not exist"},
		{"image is a directory", Spec{Image: filepath.Dir(image)}, "not a regular file"},
		{"missing bundle", Spec{Image: image, Bundle: image + "x"}, "the bundle"},
		{"vendor", Spec{Image: image, Vendor: "via"}, `unknown vendor "via": want amd or intel`},
		{"emulator", Spec{Image: image, Emulator: "simics"}, `unknown emulator "simics": want qemu or bochs`},
		{"boot", Spec{Image: image, Boot: "efi"}, `unknown way to boot "efi"`},
		{"accelerator", Spec{Image: image, Accel: "hvf"}, `unknown accelerator "hvf"`},
		{"Intel under TCG", Spec{Image: image, Vendor: Intel}, "TCG emulates no VT-x: use --emulator bochs, or --accel kvm"},
		{"PVH in Bochs", Spec{Image: image, Emulator: Bochs, Boot: PVH}, "Bochs boots an ISO only"},
		{"icount in Bochs", Spec{Image: image, Emulator: Bochs, ICount: true}, "--icount needs --emulator qemu"},
		{"KVM in Bochs", Spec{Image: image, Emulator: Bochs, Accel: KVM}, "--accel kvm needs --emulator qemu"},
		{"icount and KVM", Spec{Image: image, Accel: KVM, ICount: true}, "--icount needs --accel tcg"},
		{"AMD without ryzen in Bochs", Spec{Image: image, Emulator: Bochs, Vendor: AMD, CPUModel: "zambezi"}, `"zambezi" is not an amd CPU`},
		{"too many CPUs", Spec{Image: image, CPUs: 33}, "33 CPUs: want 1 to 32"},
		{"negative CPUs", Spec{Image: image, CPUs: -1}, "-1 CPUs: want 1 to 32"},
		{"no memory to speak of", Spec{Image: image, Memory: MiB}, "want at least 2M"},
		{"half a MiB", Spec{Image: image, Memory: 64*MiB + 512*KiB}, "want whole MiB"},
		{"too much memory for Bochs", Spec{Image: image, Emulator: Bochs, Memory: 8 * GiB}, "at most 3584M"},
		{"hypervisor", Spec{Image: image, Hypervisor: "kvm"}, `unknown hypervisor "kvm": want tuco or xen`},
		{"bundle and domain 0", Spec{Image: image, Bundle: image, Dom0: &Domain0{Kernel: kernel}}, "leave out either"},
		{"missing kernel", Spec{Image: image, Dom0: &Domain0{Kernel: kernel + "x"}}, "the kernel of domain 0"},
		{"no kernel", Spec{Image: image, Dom0: &Domain0{Kernel: image}}, "it is no ELF file"},
		{"missing ramdisk", Spec{Image: image, Dom0: &Domain0{Kernel: kernel, Ramdisk: image + "x"}}, "the ramdisk of domain 0"},
		{"line feed on domain 0's line", Spec{Image: image, Dom0: &Domain0{Kernel: kernel, Args: "a\n"}}, "domain 0's command line holds"},
		{"no vCPUs", Spec{Image: image, Dom0: &Domain0{Kernel: kernel, VCPUs: -1}}, "-1 vCPUs"},
		{"too small for domain 0", Spec{Image: image, Memory: 64 * MiB, Dom0: &Domain0{Kernel: kernel}}, "a machine of 64M is too small"},
		{"too small for the kernel", Spec{Image: image, Memory: 80 * MiB, Dom0: &Domain0{Kernel: kernel}}, "memory of 15 MiB is too small: the kernel ends at 17 MiB"},
		{"domain 0 larger than all", Spec{Image: image, Dom0: &Domain0{Kernel: kernel, Memory: 2 * GiB}}, "domain 0 is to have 2G"},
		{"large ramdisk", Spec{Image: image, Dom0: &Domain0{Kernel: kernel, Ramdisk: ramdisk, Memory: 24 * MiB}}, "memory of 24 MiB is too small: the kernel ends at 17 MiB, the ramdisk takes 32 MiB"},
		{"Xen alone", Spec{Image: image, Hypervisor: Xen}, "Xen needs a domain 0"},
		{"Xen with a bundle", Spec{Image: image, Hypervisor: Xen, Bundle: image}, "Xen takes no boot bundle"},
		{"Xen in Bochs", Spec{Image: image, Hypervisor: Xen, Emulator: Bochs}, "QEMU's TCG only"},
		{"Xen by PVH", Spec{Image: image, Hypervisor: Xen, Boot: PVH}, `by multiboot only, not by "pvh"`},
		{"Xen on Intel", Spec{Image: image, Hypervisor: Xen, Vendor: Intel}, "AMD CPU only"},
		{"Xen and a blank", Spec{Image: image, Hypervisor: Xen, Dom0: &Domain0{Kernel: "a b"}}, "its path has a blank"},
		{"line feed on the command line", Spec{Image: image, Append: "a\nb"}, "control character (byte 1)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.spec.Resolve()
			require.ErrorIs(t, err, ErrBadSpec)
			require.ErrorContains(t, err, test.want)
		})
	}
}

func TestMachineVendor(t *testing.T) {
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "cpuinfo")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	vendor, err := machineVendor(write("vendor_id\t: AuthenticAMD\n"))
	require.NoError(t, err)
	assert.Equal(t, AMD, vendor)
	vendor, err = machineVendor(write("vendor_id\t: GenuineIntel\n"))
	require.NoError(t, err)
	assert.Equal(t, Intel, vendor)
	_, err = machineVendor(write("vendor_id\t: HygonGenuine\n"))
	assert.ErrorIs(t, err, ErrBadSpec)
	_, err = machineVendor("/nonexistent")
	assert.ErrorIs(t, err, ErrBadSpec)
}
