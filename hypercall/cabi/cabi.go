// Package cabi compares Go with C: it has gcc translate Xen's public headers (Debian's package libxen-dev), and reads from the object
// what sizes, offsets and constants are. It is for tests.
package cabi

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Values is what expressions are worth in C, behind the headers' declarations.
func Values(t testing.TB, headers []string, expressions ...string) (values []uint64) {
	t.Helper()
	var c strings.Builder
	c.WriteString("const unsigned long long values[] = {\n")
	for _, e := range expressions {
		fmt.Fprintf(&c, "(unsigned long long)(%s),\n", e)
	}
	c.WriteString("};\n")
	bytes := Variable(t, headers, c.String(), "values")
	require.Len(t, bytes, 8*len(expressions))
	for i := range expressions {
		values = append(values, binary.LittleEndian.Uint64(bytes[8*i:]))
	}
	return values
}

// Constants checks that expressions in C have values.
func Constants(t testing.TB, headers []string, want map[string]uint64) {
	t.Helper()
	var expressions []string
	for e := range want {
		expressions = append(expressions, e)
	}
	for i, v := range Values(t, headers, expressions...) {
		assert.Equal(t, want[expressions[i]], v, expressions[i])
	}
}

// Struct checks that a structure of Go's has the layout of one of C's, padding spelled out: fields are C's names for Go's, in their
// order, without those named _.
func Struct(t testing.TB, headers []string, value any, c string, fields ...string) {
	t.Helper()
	typ := reflect.TypeOf(value)
	want := map[string]uint64{fmt.Sprintf("sizeof(%s)", c): uint64(typ.Size())}
	sum := uintptr(0)
	for i := range typ.NumField() {
		f := typ.Field(i)
		if sum += f.Type.Size(); f.Name == "_" {
			continue
		}
		require.NotEmpty(t, fields, "%s.%s has no name in C", typ, f.Name)
		want[fmt.Sprintf("__builtin_offsetof(%s, %s)", c, fields[0])] = uint64(f.Offset)
		want[fmt.Sprintf("sizeof(((%s *)0)->%s)", c, fields[0])] = uint64(f.Type.Size())
		fields = fields[1:]
	}
	require.Empty(t, fields, "%s has no such fields", typ)
	require.Equal(t, typ.Size(), sum, "%s has padding that is not spelled out", typ)
	Constants(t, headers, want)
}

// Variable translates C behind the headers' declarations, and returns a variable's bytes. Nothing is linked or run, so a compiler
// without a C library is enough.
func Variable(t testing.TB, headers []string, c, variable string) []byte {
	t.Helper()
	deps := filepath.Join(root(t), "out/deps") // where tools/deps unpacks packages for those who are not root
	include, gcc := "/usr/include", "gcc"
	if _, err := os.Stat(filepath.Join(include, "xen/xen.h")); err != nil {
		include = filepath.Join(deps, include)
		require.FileExists(t, filepath.Join(include, "xen/xen.h"), "Xen's public headers are missing: run tools/deps test (Debian's package libxen-dev)")
	}
	if _, err := exec.LookPath(gcc); err != nil {
		gcc = filepath.Join(deps, "usr/bin/gcc")
		require.FileExists(t, gcc, "gcc is missing: run tools/deps test")
	}
	var text strings.Builder
	text.WriteString("#include <stdint.h>\n#include <stddef.h>\n")
	for _, h := range headers {
		fmt.Fprintf(&text, "#include <xen/%s>\n", h)
	}
	text.WriteString(c)

	dir := t.TempDir()
	in, out := filepath.Join(dir, "abi.c"), filepath.Join(dir, "abi.o")
	require.NoError(t, os.WriteFile(in, []byte(text.String()), 0o644))
	said, err := exec.Command(gcc, "-m64", "-ffreestanding", "-std=gnu99", "-c", "-O1", "-I", include,
		"-D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__", "-o", out, in).CombinedOutput()
	require.NoError(t, err, "%s", said)

	object, err := elf.Open(out)
	require.NoError(t, err)
	defer object.Close()
	symbols, err := object.Symbols()
	require.NoError(t, err)
	for _, s := range symbols {
		if s.Name == variable {
			data, err := object.Sections[s.Section].Data()
			require.NoError(t, err)
			return data[s.Value : s.Value+s.Size]
		}
	}
	require.Fail(t, "gcc's object has no "+variable)
	return nil
}

// root is where the module begins.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		above := filepath.Dir(dir)
		require.NotEqual(t, above, dir, "no go.mod above the test")
		dir = above
	}
}
