package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const skeleton = "../rtcheck/reach/testdata/skeleton"

// link builds the small kernel that rtcheck's tests use.
func link(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(skeleton)))
	image := filepath.Join(dir, "kernel.elf")
	build := exec.Command("go", "build", "-trimpath", "-gcflags=tuco/...=-wb=false", "-o", image,
		"-ldflags=-E main.entry -T -0x7fe00000 -buildid= -checklinkname=0", "./kernel")
	build.Dir = dir
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-buildvcs=false")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return image
}

// convert runs mkimage as the Makefile does, and opens what it wrote.
func convert(t *testing.T, in string) *elf.File {
	t.Helper()
	out := filepath.Join(t.TempDir(), "kernel.o")
	require.NoError(t, run(in, out, skeleton+"/redirects", "", "main.entry", 1))
	f, err := elf.Open(out)
	require.NoError(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

func symbols(t *testing.T, f *elf.File) map[string]elf.Symbol {
	t.Helper()
	list, err := f.Symbols()
	require.NoError(t, err)
	all := map[string]elf.Symbol{}
	for _, s := range list {
		all[s.Name] = s
	}
	return all
}

// TestObject compares the object with what the Go linker made.
func TestObject(t *testing.T) {
	in := link(t)
	linked, err := elf.Open(in)
	require.NoError(t, err)
	defer linked.Close()
	obj := convert(t, in)
	assert.Equal(t, elf.ET_REL, obj.Type)

	was, is := symbols(t, linked), symbols(t, obj)
	for name, marker := range map[string]string{"go_text_0": ".go.text.0", "go_rodata": ".go.rodata", "go_data": ".go.data"} {
		assert.Equal(t, elf.SHN_ABS, is[name].Section)
		assert.NotNil(t, obj.Section(marker))
	}
	assert.Equal(t, uint64(0xffff_ffff_8020_0000), is["go_text_0"].Value)
	assert.Equal(t, was["main.entry"].Value-is["go_text_0"].Value, is["go_entry"].Value)
	assert.Equal(t, elf.STB_GLOBAL, elf.ST_BIND(is["go_entry"].Info))

	compared := 0
	bases := []uint64{1: is["go_text_0"].Value, 2: is["go_rodata"].Value, 3: is["go_data"].Value}
	for name, s := range is {
		if old, both := was[name]; both && int(s.Section) < len(bases) {
			if old.Value != bases[s.Section]+s.Value || old.Size != s.Size {
				assert.Fail(t, "moved", "%s: %+v, was %+v", name, s, old)
			}
			compared++
		}
	}
	assert.Greater(t, compared, 500)

	// The constants are there byte for byte, up to the tables of functions.
	constants := linked.Section(".rodata")
	want, err := constants.Data()
	require.NoError(t, err)
	all, err := obj.Section(".go.rodata").Data()
	require.NoError(t, err)
	assert.Equal(t, constants.Addr, is["go_rodata"].Value)
	assert.True(t, bytes.Equal(want, all[:constants.Size]))
	end := linked.Section(".noptrbss")
	bss := obj.Section(".go.bss")
	data := obj.Section(".go.data")
	assert.Equal(t, elf.SHT_NOBITS, bss.Type)
	reach := (is["go_data"].Value+data.Size+bss.Addralign-1)&^(bss.Addralign-1) + bss.Size
	assert.Equal(t, end.Addr+end.Size, reach, "zeroed data ends where the Go linker has its end")

	for _, s := range obj.Sections {
		assert.NotContains(t, []elf.SectionType{elf.SHT_REL, elf.SHT_RELA}, s.Type, "no relocations")
	}
	_, err = obj.DWARF()
	assert.NoError(t, err)
}

// TestRedirects looks at the text: jumps, INT3 where nothing is reached, the rest untouched.
func TestRedirects(t *testing.T) {
	in := link(t)
	img, err := load(in)
	require.NoError(t, err)
	obj := convert(t, in)
	text, err := obj.Section(".go.text.0").Data()
	require.NoError(t, err)
	is := symbols(t, obj)
	body := func(name string) []byte {
		s, ok := is[name]
		require.True(t, ok, name)
		return text[s.Value:][:s.Size]
	}

	for from, to := range map[string]string{
		"runtime.memmove":        "tuco/kernel/crash.move.abi0",
		"runtime.morestack.abi0": "tuco/kernel/crash.stack.abi0",
	} {
		b := body(from)
		require.EqualValues(t, 0xe9, b[0], from)
		displacement := int64(int32(binary.LittleEndian.Uint32(b[1:])))
		assert.EqualValues(t, is[to].Value, int64(is[from].Value)+5+displacement, from)
		assert.Equal(t, len(b)-5, bytes.Count(b[5:], []byte{0xcc}), "the rest of %s", from)
	}
	for _, dead := range []string{"runtime.schedule", "runtime.gcStart"} {
		b := body(dead)
		assert.Equal(t, len(b), bytes.Count(b, []byte{0xcc}), dead)
	}
	for _, alive := range []string{"main.start", "tuco/kernel/x.F", "tuco/kernel/crash.move.abi0"} {
		at := is[alive].Value
		assert.True(t, bytes.Equal(img.text.bytes[at:at+is[alive].Size], body(alive)), alive)
	}
}

func TestErrors(t *testing.T) {
	in := link(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		return path
	}
	for _, c := range []struct{ name, in, redirects, entry, want string }{
		{"no such entry", in, "", "main.nonsuch", "no function main.nonsuch"},
		{"no such file", dir + "/nonsuch", "", "main.entry", "nonsuch"},
		{"no ELF file", file("text", strings.Repeat("hello ", 20)), "", "main.entry", "bad magic"},
		{"redirect to nothing", in, file("b", "runtime.memmove tuco/kernel/crash.nonsuch\n"), "main.entry", "tuco/kernel/crash.nonsuch"},
		{"bad list", in, file("c", "runtime.memmove\n"), "main.entry", "c:1: want FROM TO"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := filepath.Join(t.TempDir(), "out.o")
			err := run(c.in, out, c.redirects, "", c.entry, 1)
			require.ErrorContains(t, err, c.want)
			assert.NoFileExists(t, out)
		})
	}
}

// TestShapes has types of the runtime's whose fields have moved.
func TestShapes(t *testing.T) {
	img, err := load(link(t))
	require.NoError(t, err)
	require.NoError(t, img.checkShapes())

	right := wantShapes
	defer func() { wantShapes = right }()
	wantShapes = []shape{{"runtime.g", "percpu.G", map[string]int64{"stackguard0": 24}}}
	assert.ErrorContains(t, img.checkShapes(), "runtime.g.stackguard0 at offset 16, not 24: adapt percpu.G")
	wantShapes = []shape{{"runtime.g", "percpu.G", map[string]int64{"nonsuch": 0}}}
	assert.ErrorContains(t, img.checkShapes(), "runtime.g has no field nonsuch")
	wantShapes = []shape{{"runtime.nonsuch", "nobody", nil}}
	assert.ErrorContains(t, img.checkShapes(), "no type runtime.nonsuch")
}
