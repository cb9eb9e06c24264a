package bundle

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGoodConfig(t *testing.T) {
	b := new(Bundle)
	for _, cfg := range []string{goodConfig, strings.ReplaceAll(goodConfig, "\n", "\r\n"), strings.TrimRight(goodConfig, "\n"), strings.ReplaceAll(goodConfig, "\n", "\n\n")} {
		require.Empty(t, parseText(b, withConfig(t, cfg)))
		require.Len(t, b.Domains(), 2)
		c, g := b.Domains()[0], b.Domains()[1]
		assert.Equal(t, "control", string(c.Name))
		assert.Equal(t, "control.elf", string(c.KernelName))
		assert.Equal(t, "the control domain", string(c.Kernel))
		assert.Nil(t, c.Ramdisk)
		assert.Equal(t, "console=hvc0 # not a comment", string(c.Args))
		assert.EqualValues(t, 256<<20, c.Memory)
		assert.Equal(t, 2, c.VCPUs)
		assert.Equal(t, DefaultWeight, c.Weight)
		assert.Zero(t, c.Cap)
		assert.True(t, c.Privileged)

		assert.Equal(t, "guest-1", string(g.Name))
		assert.Equal(t, "linux!", string(g.Kernel))
		assert.Equal(t, "files", string(g.Ramdisk))
		assert.Empty(t, g.Args)
		assert.EqualValues(t, 64<<20, g.Memory)
		assert.Equal(t, 1, g.VCPUs)
		assert.Equal(t, 512, g.Weight)
		assert.Equal(t, 50, g.Cap)
		assert.False(t, g.Privileged)
	}
	require.Empty(t, parseText(b, withConfig(t, goodConfig)))
	assert.Equal(t, []int{2, 9}, []int{b.Domains()[0].Line, b.Domains()[1].Line})
}

func TestBadConfig(t *testing.T) {
	const head = "name a\nkernel vmlinuz\nmemory 64\n" // lines 1 to 3
	const mem = "a number of MiB, or a size with a suffix K, M, G or T: whole pages, from 1M to 16T"
	for cfg, want := range map[string]string{
		"# nothing\n\n":            "boot.cfg: it describes no domain; the least is a name, a kernel and a memory line",
		head + "vcpu 2":            `boot.cfg line 4: unknown key "vcpu" (did you mean vcpus?)`,
		head + "Memory 3":          `boot.cfg line 4: unknown key "Memory" (did you mean memory?)`,
		head + "disk x":            `boot.cfg line 4: unknown key "disk"; the keys are name kernel ramdisk args memory vcpus weight cap privileged`,
		head + "\xef\xbb\xbfcap 3": `boot.cfg line 4: unknown key "\xef\xbb\xbfcap"; the keys are name kernel ramdisk args memory vcpus weight cap privileged`,
		head + "cap = 3":           `boot.cfg line 4: cap: there is no '=' between key and value here: "= 3"`,
		head + "cap":               `boot.cfg line 4: cap: the value is missing; allowed: percent of one CPU, at most 100 for each vCPU; 0 is no limit`,
		head + "cap 5\x1b[m":       `boot.cfg line 4: it has a control character: "cap 5\x1b[m"`,
		head + "memory 65":         `boot.cfg line 4: memory: domain "a" has it already, in line 3; a new domain begins with its name`,
		head + "\nkernel vmlinuz":  `boot.cfg line 5: kernel: domain "a" has it already, in line 2; a new domain begins with its name`,
		head + "name a":            `boot.cfg line 4: name: the domain of line 1 is also called "a"`,
		head + "name b":            `boot.cfg line 4: kernel: domain "b" has none; it needs the name of a file in the bundle`,
		"kernel vmlinuz\nname a":   `boot.cfg line 1: kernel: it stands before the first name; a domain begins with its name`,
		"name a\nmemory 1\n":       `boot.cfg line 1: kernel: domain "a" has none; it needs the name of a file in the bundle`,
		"name a\nkernel vmlinuz\nname b\nkernel vmlinuz\nmemory 1": `boot.cfg line 1: memory: domain "a" has none; it needs ` + mem,
		"name a b":                                                    `boot.cfg line 1: name: "a b" is not allowed; allowed: 1 to 63 letters, digits, '.', '_' or '-'`,
		"name " + strings.Repeat("n", 64):                             `boot.cfg line 1: name: "` + strings.Repeat("n", 64) + `" is not allowed; allowed: 1 to 63 letters, digits, '.', '_' or '-'`,
		"name a\nkernel vmlinux":                                      `boot.cfg line 2: kernel: the bundle has no file "vmlinux"`,
		head + "ramdisk nowhere":                                      `boot.cfg line 4: ramdisk: the bundle has no file "nowhere"`,
		"name a\nkernel vmlinuz\nmemory 0":                            `boot.cfg line 3: memory: "0" is not allowed; allowed: ` + mem,
		"name a\nkernel vmlinuz\nmemory 1023K":                        `boot.cfg line 3: memory: "1023K" is not allowed; allowed: ` + mem,
		"name a\nkernel vmlinuz\nmemory 1048577B":                     `boot.cfg line 3: memory: "1048577B" is not allowed; allowed: ` + mem,
		"name a\nkernel vmlinuz\nmemory 17T":                          `boot.cfg line 3: memory: "17T" is not allowed; allowed: ` + mem,
		"name a\nkernel vmlinuz\nmemory 99999999999999999999":         `boot.cfg line 3: memory: "99999999999999999999" is not allowed; allowed: ` + mem,
		"name a\nkernel vmlinuz\nmemory 512 MiB":                      `boot.cfg line 3: memory: "512 MiB" is not allowed; allowed: ` + mem,
		head + "vcpus 0":                                              `boot.cfg line 4: vcpus: "0" is not allowed; allowed: a number from 1 to 128`,
		head + "vcpus 129":                                            `boot.cfg line 4: vcpus: "129" is not allowed; allowed: a number from 1 to 128`,
		head + "vcpus -1":                                             `boot.cfg line 4: vcpus: "-1" is not allowed; allowed: a number from 1 to 128`,
		head + "vcpus 4294967297":                                     `boot.cfg line 4: vcpus: "4294967297" is not allowed; allowed: a number from 1 to 128`,
		head + "weight 0":                                             `boot.cfg line 4: weight: "0" is not allowed; allowed: a number from 1 to 65535`,
		head + "weight 65536":                                         `boot.cfg line 4: weight: "65536" is not allowed; allowed: a number from 1 to 65535`,
		head + "weight heavy":                                         `boot.cfg line 4: weight: "heavy" is not allowed; allowed: a number from 1 to 65535`,
		head + "cap 12801":                                            `boot.cfg line 4: cap: "12801" is not allowed; allowed: percent of one CPU, at most 100 for each vCPU; 0 is no limit`,
		head + "cap 300\nvcpus 2":                                     `boot.cfg line 4: cap: 300 percent is more than the 2 vCPUs of domain "a" can use; allowed: percent of one CPU, at most 100 for each vCPU; 0 is no limit`,
		head + "privileged true":                                      `boot.cfg line 4: privileged: "true" is not allowed; allowed: yes or no`,
		head + "privileged yes\nname b\nprivileged yes":               `boot.cfg line 6: privileged: only one domain can be, and "a" of line 1 is`,
		head + "args " + strings.Repeat("x", MaxArgs+1):               `boot.cfg line 4: args: "` + strings.Repeat("x", 64) + `..." is not allowed; allowed: at most 1023 bytes`,
		head + "args " + strings.Repeat("x", MaxArgs) + "\nbogus key": `boot.cfg line 5: unknown key "bogus"; the keys are name kernel ramdisk args memory vcpus weight cap privileged`,
	} {
		t.Run(cfg, func(t *testing.T) {
			assert.Equal(t, want, parseText(new(Bundle), withConfig(t, cfg)))
		})
	}
}

func TestMemorySizes(t *testing.T) {
	for v, want := range map[string]uint64{"1": 1 << 20, "64": 64 << 20, "64M": 64 << 20, "1028K": 1028 << 10, "2g": 2 << 30, "16T": 16 << 40, "1048576B": 1 << 20} {
		b := new(Bundle)
		require.Empty(t, parseText(b, withConfig(t, "name a\nkernel vmlinuz\nmemory "+v)), v)
		assert.Equal(t, want, b.Domains()[0].Memory, v)
	}
}

func TestDomains(t *testing.T) {
	var cfg strings.Builder
	for k := range MaxDomains {
		fmt.Fprintf(&cfg, "name d%d\nkernel vmlinuz\nmemory 1\nargs\nprivileged no\n", k)
	}
	b := new(Bundle)
	require.Empty(t, parseText(b, withConfig(t, cfg.String())))
	assert.Len(t, b.Domains(), MaxDomains)
	cfg.WriteString("name more\n")
	assert.Equal(t, `boot.cfg line 321: name: "more" is one domain too many; allowed: 64`, parseText(b, withConfig(t, cfg.String())))
	// A bundle that failed does not leave its domains to the next.
	require.Empty(t, parseText(b, withConfig(t, goodConfig)))
	assert.Len(t, b.Domains(), 2)
}

// TestDocs holds docs/boot-bundle.md to the parser: it explains every key,
// and the example in it is right.
func TestDocs(t *testing.T) {
	doc, err := os.ReadFile("../../docs/boot-bundle.md")
	require.NoError(t, err)
	for _, k := range keys {
		assert.Contains(t, string(doc), "\n| `"+k.name+"` | ")
	}
	example := regexp.MustCompile("(?s)```boot.cfg\n(.*?)```").FindSubmatch(doc)
	require.NotNil(t, example)
	b := new(Bundle)
	require.Empty(t, parseText(b, withConfig(t, string(example[1]))))
	assert.Len(t, b.Domains(), 2)
}

func checkDomains(t *testing.T, b *Bundle) {
	require.NotEmpty(t, b.Domains())
	require.LessOrEqual(t, len(b.Domains()), MaxDomains)
	privileged := 0
	for _, d := range b.Domains() {
		require.NotEmpty(t, d.Name)
		require.NotEmpty(t, d.Kernel)
		require.Equal(t, d.RamdiskName == nil, d.Ramdisk == nil)
		require.True(t, d.Memory >= MinMemory && d.Memory <= MaxMemory && d.Memory%4096 == 0)
		require.True(t, d.VCPUs >= 1 && d.VCPUs <= MaxVCPUs)
		require.True(t, d.Weight >= 1 && d.Weight <= MaxWeight)
		require.True(t, d.Cap >= 0 && d.Cap <= 100*d.VCPUs)
		require.LessOrEqual(t, len(d.Args), MaxArgs)
		if d.Privileged {
			privileged++
		}
	}
	require.LessOrEqual(t, privileged, 1)
}

func FuzzModule(f *testing.F) {
	f.Add(pack(f, goodFiles...))
	f.Add(pack(f, file{"boot.cfg", "name a\nkernel boot.cfg\nmemory 1\n"}))
	f.Add([]byte("\x7fELF"))
	f.Fuzz(func(t *testing.T, module []byte) {
		b := new(Bundle)
		if parseText(b, module) == "" {
			checkDomains(t, b)
		}
	})
}

func FuzzConfig(f *testing.F) {
	f.Add(goodConfig)
	f.Add("name a\nkernel vmlinuz\nmemory 1G\ncap 100\nprivileged yes\nargs \"x\"")
	f.Add("kernel x")
	f.Fuzz(func(t *testing.T, cfg string) {
		b := new(Bundle)
		if parseText(b, withConfig(t, cfg)) == "" {
			checkDomains(t, b)
		}
	})
}
