package config

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const whole = `# A web server.
_name = "web"
name = _name
type = "pv"
kernel = "httpd.elf"; ramdisk = "files.cpio"
extra = "console=hvc0 " + \
        "quiet"
memory = 4 * 64
vcpus = 2
cpu_weight = 512
cap = 150
disk = [
    'vol:web,xvda,w',
    'format=raw, vdev=xvdb1, access=ro, target=logs',
    "data,raw,xvdc,rw", # as xl has it
]
vif = [ 'mac=00:16:3E:12:34:56,bridge=br0', 'ip=10.0.0.7', '' ]
ioports = [ "2f8-2FF", '0x510-511', '80' ]
iomem = [ 'fed00,1', '0xa0,20' ]
on_poweroff = "preserve"
on_reboot = "destroy"
on_crash = "restart"
`

func TestWhole(t *testing.T) {
	g, err := Parse("web.cfg", []byte(whole))
	require.NoError(t, err)
	assert.Equal(t, &Guest{
		Name: "web", Type: TypePV, Kernel: "httpd.elf", Ramdisk: "files.cpio", Extra: "console=hvc0 quiet",
		Memory: 256, VCPUs: 2, Weight: 512, Cap: 150,
		Disks: []Disk{{"web", "xvda", false}, {"logs", "xvdb1", true}, {"data", "xvdc", false}},
		VIFs: []VIF{
			{MAC{0, 0x16, 0x3e, 0x12, 0x34, 0x56}, "br0", netip.Addr{}},
			{madeMAC("web", 1), "", netip.MustParseAddr("10.0.0.7")},
			{madeMAC("web", 2), "", netip.Addr{}},
		},
		IOPorts: []Ports{{0x2f8, 0x2ff}, {0x510, 0x511}, {0x80, 0x80}}, IOMemory: []Frames{{0xfed00, 1}, {0xa0, 0x20}},
		OnPoweroff: Preserve, OnReboot: Destroy, OnCrash: Restart,
	}, g)
	text, err := json.Marshal(g)
	require.NoError(t, err)
	var back Guest
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, g, &back)
	again, err := Parse("again.cfg", g.File())
	require.NoError(t, err)
	assert.Equal(t, g, again)
}

func TestSmallest(t *testing.T) {
	g, err := Parse("a.cfg", []byte("name='a'\nkernel='k'\nmemory=8"))
	require.NoError(t, err)
	assert.Equal(t, &Guest{
		Name: "a", Type: TypePV, Kernel: "k", Memory: 8, VCPUs: 1, Weight: 256,
		OnPoweroff: Destroy, OnReboot: Restart, OnCrash: Destroy,
	}, g)
}

// plain is a file with nothing wrong, to which a line 4 comes.
const plain = "name = 'a'\nkernel = 'k'\nmemory = 8\n"

func TestErrors(t *testing.T) {
	const possible = "possible are name, type, kernel, ramdisk, extra, memory, vcpus, cpu_weight, cap, disk, vif, ioports, iomem, on_poweroff, on_reboot, on_crash"
	disk := func(s string) string { return "disk = ['" + s + "']" }
	vif := func(s string) string { return "vif = ['" + s + "']" }
	for _, c := range []struct{ line, want string }{
		// Keys.
		{"vcpu = 2", `g.cfg:4: unknown key "vcpu" (did you mean vcpus?); ` + possible + "; a variable of the file's own begins with _"},
		{"on_crsh = 2", `g.cfg:4: unknown key "on_crsh" (did you mean on_crash?); ` + possible + "; a variable of the file's own begins with _"},
		{"Disk = []", `g.cfg:4: unknown key "Disk" (did you mean disk?); ` + possible + "; a variable of the file's own begins with _"},
		{"zzzzzzzzzz = 2", `g.cfg:4: unknown key "zzzzzzzzzz"; ` + possible + "; a variable of the file's own begins with _"},
		{"def vcpus(): return 3", "g.cfg:4: vcpus: is a function; it takes a number: vcpus = 1"},
		{"bootloader = 'pygrub'", `g.cfg:4: the key "bootloader" of xl.cfg is not one of Tuco's: give the guest's kernel and ramdisk by name`},
		// Values.
		{"ramdisk = ''", "g.cfg:4: ramdisk: is empty; it takes a file's name; without a ramdisk, leave the key out"},
		{"ramdisk = 'a\\nb'", `g.cfg:4: ramdisk: "a\nb" can't be the name of a file: it has at most 1024 bytes of UTF-8, and no control characters`},
		{"ramdisk = 'x' * 1000000000", "g.cfg:4: the number 1000000000 is too large; none is above 16777216"},
		{"vcpus = 99999999999999999999", "g.cfg:4: the number 99999999999999999999 is too large; none is above 16777216"},
		{"ramdisk = None", `g.cfg:4: ramdisk: is None; it takes a string: ramdisk = "…"`},
		{"type = 'hvm'", `g.cfg:4: type: guests of the type "hvm" don't run here yet; build the kernel for pv, and write type = "pv"`},
		{"type = 'pvv'", `g.cfg:4: type: unknown type "pvv" (did you mean pv?); possible are pv`},
		{"extra = 'a\\nb'", "g.cfg:4: extra: the kernel's command line is one line of UTF-8; remove the line ends and zeroes in it"},
		{"extra = 'a' * 1024", "g.cfg:4: extra: the kernel's command line has 1024 bytes; at most 1023 fit"},
		{"vcpus = '2'", `g.cfg:4: vcpus: is the string "2"; it takes a number: vcpus = 1`},
		{"vcpus = True", "g.cfg:4: vcpus: is True; it takes a number: vcpus = 1"},
		{"vcpus = 0", "g.cfg:4: vcpus: 0 is too little; 1 to 64 vCPUs are possible"},
		{"vcpus = -1 << 80", "g.cfg:4: vcpus: -1208925819614629174706176 is too little; 1 to 64 vCPUs are possible"},
		{"vcpus = 65", "g.cfg:4: vcpus: 65 is too much; 1 to 64 vCPUs are possible"},
		{"vcpus = 1 << 200", "g.cfg:4: vcpus: 1606938044258990275541962092341162602522… is too much; 1 to 64 vCPUs are possible"},
		{"cpu_weight = 65536", "g.cfg:4: cpu_weight: 65536 is too much; 1 to 65535 as weight are possible"},
		{"cap = 101", "g.cfg:4: cap: 101 percent is more than 1 vCPUs can use; at most 100, or 0 for no limit"},
		{"on_crash = 'restrat'", `g.cfg:4: on_crash: unknown action "restrat" (did you mean restart?); possible are destroy, restart, preserve`},
		{"on_crash = 'coredump-destroy'", `g.cfg:4: on_crash: unknown action "coredump-destroy"; possible are destroy, restart, preserve`},
		{"on_poweroff = ['destroy']", `g.cfg:4: on_poweroff: is a list; it takes a string: on_poweroff = "…"`},
		// Parts of the machine.
		{"pci = ['00:04.0']", `g.cfg:4: the key "pci" of xl.cfg is not one of Tuco's: devices are not passed through as a whole; ioports and iomem give a guest parts of the machine`},
		{"ioports = '2f8'", `g.cfg:4: ioports: is the string "2f8"; it takes a list of strings: ioports = [ '2f8-2ff' ]`},
		{"ioports = [2]", "g.cfg:4: ioports: element 1 is 2; each is a string: '2f8-2ff'"},
		{"ioports = ['2',\n'10000']", `g.cfg:5: ioports: "10000" is no range of ports: it is a port, or the first and the last, in hexadecimal digits: 2f8-2ff`},
		{"ioports = ['2-']", `g.cfg:4: ioports: "2-" is no range of ports: it is a port, or the first and the last, in hexadecimal digits: 2f8-2ff`},
		{"ioports = ['ff-2']", "g.cfg:4: ioports: the ports ff-2 end before they begin; write 2-ff"},
		{"ioports = ['10-20', '20']", "g.cfg:4: ioports: 10-20 and 20 have something in common; name it once"},
		{"iomem = ['fed00']", `g.cfg:4: iomem: "fed00" is no range of pages: it is the first one's number and how many there are, in hexadecimal digits: fed00,1`},
		{"iomem = ['fed00,1@a0']", `g.cfg:4: iomem: "fed00,1@a0" has a guest's page, which a paravirtual guest chooses by itself: write fed00,1`},
		{"iomem = ['fed00,0']", "g.cfg:4: iomem: the machine has no such pages as fed00,0; they are numbers of pages, not addresses: fed00,1 is the page at address fed00000"},
		{"iomem = ['1,ffffffffffffffff']", "g.cfg:4: iomem: the machine has no such pages as 1,ffffffffffffffff; they are numbers of pages, not addresses: fed00,1 is the page at address fed00000"},
		{"iomem = ['10,10', '1,f', '1f,1']", "g.cfg:4: iomem: 10,10 and 1f,1 have something in common; name it once"},
		// Disks.
		{"disk = 'vol:web,xvda,w'", `g.cfg:4: disk: is the string "vol:web,xvda,w"; it takes a list of strings: disk = [ 'vol:web,xvda,w' ]`},
		{"disk = [\n'vol:a,xvda',\n7]", "g.cfg:6: disk: element 2 is 7; each is a string: 'vol:web,xvda,w'"},
		{"disk = ['vol:a%d,xvda' % n for n in range(27)]", "g.cfg:4: disk: has 27 elements; a guest has at most 26"},
		{disk(""), "g.cfg:4: disk: no target; write the volume's name: 'vol:web,xvda,w'"},
		{disk("vol:a"), "g.cfg:4: disk: an empty vdev can't be a vdev; write xvda for the first disk, xvdb for the second, xvda1 for a partition"},
		{disk("vol:a,sda"), `g.cfg:4: disk: "sda" can't be a vdev; write xvda for the first disk, xvdb for the second, xvda1 for a partition`},
		{disk("vol:a,xvda,w!"), `g.cfg:4: disk: unknown access "w!" (did you mean w?); possible are r, ro, w, rw`},
		{disk("vol:a,xvda,w,w"), `g.cfg:4: disk: "w" is one value too many; a disk is 'target, format, vdev, access'`},
		{disk("/dev/vg/a,raw,xvda"), `g.cfg:4: disk: the target "/dev/vg/a" is not a volume; bring the image into the host by tuco volume import, and write vol:NAME`},
		{disk("phy:a,xvda"), `g.cfg:4: disk: the target "phy:a" is not a volume; bring the image into the host by tuco volume import, and write vol:NAME`},
		{disk("a,xvda,w"), `g.cfg:4: disk: unknown format "xvda"; possible are raw`},
		{disk("a b,,xvda"), `g.cfg:4: disk: "a b" can't be a volume's name: it has letters, digits, '.', '_' and '-'`},
		{disk("a,qcow2,xvda"), "g.cfg:4: disk: the format qcow2 is none of a volume; bring the image into the host by tuco volume import, and write format=raw"},
		{disk("vol:a,vdv=xvda"), `g.cfg:4: disk: unknown parameter "vdv" (did you mean vdev?); possible are target, format, vdev, access`},
		{disk("vol:a,vdev=xvda,vdev=xvdb"), "g.cfg:4: disk: the parameter vdev stands twice; remove one"},
		{disk("vol:a,xvda,devtype=cdrom"), `g.cfg:4: disk: the parameter "devtype" of xl is not one of Tuco's: a paravirtual guest has no CD; remove it, and use access=ro`},
		{disk("vol:a,xvda,cdrom"), `g.cfg:4: disk: the parameter "cdrom" of xl is not one of Tuco's: a paravirtual guest has no CD; use access=ro`},
		{disk("vol:a,xvda','vol:b,xvda"), "g.cfg:4: disk: two disks have the vdev xvda; give each its own"},
		{disk("vol:a,xvda,r','vol:a,xvdb"), "g.cfg:4: disk: the volume a is there twice; where one of them is writable, they would destroy each other's data"},
		// Interfaces.
		{"vif = 1", "g.cfg:4: vif: is 1; it takes a list of strings: vif = [ 'mac=00:16:3e:00:00:01,bridge=br0' ]"},
		{vif("br0"), `g.cfg:4: vif: "br0" has no name; write 'mac=00:16:3e:00:00:01,bridge=br0'`},
		{vif("birdge=br0"), `g.cfg:4: vif: unknown parameter "birdge" (did you mean bridge?); possible are mac, bridge, ip`},
		{vif("model=e1000"), `g.cfg:4: vif: the parameter "model" of xl is not one of Tuco's: a paravirtual guest has no emulated card; remove it`},
		{vif("ip=1.2.3.4,ip=1.2.3.5"), "g.cfg:4: vif: the parameter ip stands twice; remove one"},
		{vif("mac=00:16:3e:00:00"), `g.cfg:4: vif: "00:16:3e:00:00" is no mac; write six bytes like 00:16:3e:00:00:01`},
		{vif("mac=01:16:3e:00:00:00"), "g.cfg:4: vif: the mac 01:16:3e:00:00:00 is not of one interface; write one like 00:16:3e:00:00:01"},
		{vif("bridge=a/b"), `g.cfg:4: vif: "a/b" can't be a bridge's name: it has letters, digits, '.', '_' and '-'`},
		{vif("ip=10.0.0.300"), `g.cfg:4: vif: "10.0.0.300" is no IPv4 address; write ip=10.0.0.2, say`},
		{vif("mac=00:16:3e:00:00:01','mac=00:16:3e:00:00:01"), "g.cfg:4: vif: two interfaces have the mac 00:16:3e:00:00:01; give each its own"},
		// Starlark's.
		{"vcpus = ", "g.cfg:4: syntax: got end of file, want primary expression"},
		{"memory = 9", "g.cfg:4: cannot reassign global memory declared at g.cfg:3:1"},
		{"vcpus = cores", "g.cfg:4: undefined: cores"},
		{"vcpus = 1 // 0", "g.cfg:4: floored division by zero"},
		{"load('a', 'b')", "g.cfg:4: a guest.cfg can't load other files; copy here what it needs"},
		{"print(1)", "g.cfg:4: a guest.cfg has nowhere to print to; remove the call"},
		{"vcpus = len([0 for _a in range(10000) for _b in range(10000)])", "g.cfg:4: the file computes for more than 1000000 steps; write the values out"},
		{"def _f():\n    return 1 // 0\nvcpus = _f()", "g.cfg:5: floored division by zero"},
		// Several.
		{"vcpus = 0\ncap = -1", "g.cfg:4: vcpus: 0 is too little; 1 to 64 vCPUs are possible\ng.cfg:5: cap: -1 is too little; 0 to 6400 percent are possible"},
	} {
		_, err := Parse("g.cfg", []byte(plain+c.line))
		if assert.Error(t, err, c.line) {
			assert.Equal(t, c.want, err.Error(), c.line)
		}
	}
}

func TestMissingAndWrongNames(t *testing.T) {
	for _, c := range []struct{ source, want string }{
		{"", `g.cfg: name: missing: write name = "…", by which commands know the guest
g.cfg: kernel: missing: write kernel = "…", the file of an ELF kernel or bzImage
g.cfg: memory: missing: write memory = 128, say, in MiB`},
		{"name = 'control'\nkernel = 'k'\nmemory = 1", `g.cfg:1: name: "control" is the control domain's own name; give the guest another one`},
		{"name = '-a'\nkernel = 'k'\nmemory = 1", `g.cfg:1: name: "-a" can't be a name: it has 1 to 63 letters, digits, '.', '_' and '-', the first of them a letter or digit`},
		{"name = 'a/b'\nkernel = ''", `g.cfg:1: name: "a/b" can't be a name: it has 1 to 63 letters, digits, '.', '_' and '-', the first of them a letter or digit
g.cfg:2: kernel: is empty; it takes a file's name
g.cfg: memory: missing: write memory = 128, say, in MiB`},
		{strings.Repeat("#", MaxSize+1), "g.cfg: the file has 65537 bytes; a guest.cfg has at most 65536"},
	} {
		_, err := Parse("g.cfg", []byte(c.source))
		assert.EqualError(t, err, c.want)
	}
}

func TestVDevNumber(t *testing.T) {
	for vdev, want := range map[string]uint32{
		"xvda": 51712, "xvda1": 51713, "xvdb": 51728, "xvdp15": 202<<8 | 15<<4 | 15,
		"xvdq": 1<<28 | 16<<8, "xvda16": 1<<28 | 16, "xvdaa": 1<<28 | 26<<8, "xvdz255": 1<<28 | 25<<8 | 255,
	} {
		n, err := VDevNumber(vdev)
		assert.NoError(t, err)
		assert.Equal(t, want, n, vdev)
	}
	for _, vdev := range []string{"", "xvd", "xvd1", "xvdaaa", "xvda01", "xvda256", "xvda1b", "xvdA", "hda"} {
		_, err := VDevNumber(vdev)
		assert.Error(t, err, vdev)
	}
}

// FuzzParse: no file panics, takes for ever or gives a guest that breaks the limits; its errors name the file.
func FuzzParse(f *testing.F) {
	f.Add(whole)
	f.Add(plain + "disk = ['vol:a,xvda','b,raw,xvdb,r']\nvif = ['']")
	f.Add("vcpu = 3")
	f.Fuzz(func(t *testing.T, source string) {
		g, err := Parse("f.cfg", []byte(source))
		if err != nil {
			require.NotEmpty(t, err.Error())
			for _, e := range err.(Errors) {
				require.True(t, strings.HasPrefix(e.Error(), "f.cfg:"), e.Error())
			}
			return
		}
		require.True(t, plainName(g.Name) && g.Kernel != "" && len(g.Extra) <= extraMax, "%+v", g)
		require.True(t, g.Memory >= 1 && g.Memory <= MaxMemory && g.VCPUs >= 1 && g.VCPUs <= MaxVCPUs && g.Cap <= 100*g.VCPUs, "%+v", g)
		again, err := Parse("f.cfg", g.File())
		require.NoError(t, err, "%s", g.File())
		require.Equal(t, g, again)
		require.LessOrEqual(t, len(g.Disks), MaxDisks)
		for _, d := range g.Disks {
			_, err := VDevNumber(d.VDev)
			require.NoError(t, err)
			require.True(t, plainName(d.Volume))
		}
	})
}

// A file from elsewhere says its values, and computes nothing.
func TestPlain(t *testing.T) {
	for _, line := range []string{"x = 'a' * 1000", "x = [i for i in range(9)]", "def f():\n  return 1", "x = [['a']]", "x = y", "x, y = 'a', 'b'", "x += 'a'", "1"} {
		_, err := ParsePlain("g.cfg", []byte("name = 'a'\nkernel = 'k'\nmemory = 8\n"+line))
		assert.ErrorContains(t, err, "g.cfg:4: the host takes values only", line)
	}
	_, err := ParsePlain("g.cfg", []byte("name = 'a'\nkernel = 'k'\nmemory = -8"))
	assert.ErrorContains(t, err, "g.cfg:3: memory: ", "what is wrong with the values is told as ever")
	g, err := Parse("g.cfg", []byte("_n = 2\nname = 'a' * _n\nkernel = 'k'\nmemory = 8 * _n\ndisk = ['vol:d%d,xvd%s' % (i, 'ab'[i]) for i in range(_n)]\nvif = ['']"))
	require.NoError(t, err)
	again, err := ParsePlain("g.cfg", g.File())
	require.NoError(t, err, "what File writes is plain")
	assert.Equal(t, g, again)
}
