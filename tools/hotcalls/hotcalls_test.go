package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The house of the tests: a module whose two kernel packages call each other.
var files = map[string]string{
	"go.mod":         "module tuco\n\ngo 1.24\n",
	"kernel/a/a.go":  "package a\n\nimport \"tuco/kernel/b\"\n\ntype T struct{ N int }\n\nfunc (t *T) Sum(n int) int {\n	t.N += n\n	return b.Big(t.N) + t.second(n)\n}\n\nfunc (t T) second(n int) int { return b.Big(n) }\n\nfunc Of[E any](e E) E { return e }\n\nfunc Use() int { return Of(1) }\n",
	"kernel/b/b.go":  "package b\n\nfunc Big(n int) int {\n	for i := range n {\n" + strings.Repeat("		n += i * n\n		n ^= n << 3\n", 12) + "	}\n	return n\n}\n",
	"kernel/main.go": "package main\n\nimport \"tuco/kernel/a\"\n\nfunc main() { var t a.T; println(t.Sum(3)) }\n",
}

func house(t *testing.T, list string) string {
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kernel/hotcalls.txt"), []byte(list), 0o644))
	return dir
}

func hotcalls(dir string) (code int, said string) {
	var b bytes.Buffer
	code = run([]string{"-o", filepath.Join(dir, "profile"), dir}, &b)
	return code, b.String()
}

// What counts is what the compiler makes of it: it inlines the calls of the list, and no others.
func TestCompilerInlines(t *testing.T) {
	dir := house(t, "# the one\na.(*T).Sum b.Big # and no other\n")
	code, said := hotcalls(dir)
	require.Zero(t, code, said)
	out := compile(t, dir)
	assert.Contains(t, out, "a.go:9:14: inlining call to b.Big")
	assert.Equal(t, 1, strings.Count(out, "inlining call to b.Big"), out)
}

// compile is what the compiler says of package a with the profile that was made.
func compile(t *testing.T, dir string) string {
	// As -pgo does, which would have all of the standard library compiled anew.
	c := exec.Command("go", "build", "-gcflags=tuco/...=-m -pgoprofile="+filepath.Join(dir, "profile"), "./kernel/a")
	c.Dir = dir
	c.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := c.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// A chain is inlined whole, and none of it elsewhere.
func TestCompilerInlinesChain(t *testing.T) {
	dir := house(t, "a.(*T).Sum a.T.second b.Big\n")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kernel/a/b.go"), []byte("package a\n\nimport \"tuco/kernel/b\"\n\nfunc third(n int) int { return b.Big(n) + n }\n"), 0o644))
	file := filepath.Join(dir, "kernel/a/a.go")
	text := strings.Replace(files["kernel/a/a.go"], "return b.Big(n) }", "return third(n) }", 1)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kernel/hotcalls.txt"), []byte("a.(*T).Sum a.T.second a.third b.Big\n"), 0o644))
	code, said := hotcalls(dir)
	require.Zero(t, code, said)
	out := compile(t, dir)
	assert.Contains(t, out, "a.go:9:30: inlining call to b.Big")
	assert.NotContains(t, out, "b.go:5:37: inlining call to b.Big", "third by itself keeps its call")
}

// So it is with many calls too, of which the compiler would leave out one in a hundred.
func TestCompilerInlinesAll(t *testing.T) {
	const n = 250
	dir := house(t, "")
	text, list := "package a\n\nimport \"tuco/kernel/b\"\n", ""
	for i := range n {
		text += fmt.Sprintf("\nfunc F%d(n int) int { return b.Big(n) }\n", i)
		list += fmt.Sprintf("a.F%d b.Big\n", i)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kernel/a/a.go"), []byte(text), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kernel/hotcalls.txt"), []byte(list), 0o644))
	code, said := hotcalls(dir)
	require.Zero(t, code, said)
	assert.Equal(t, n, strings.Count(compile(t, dir), "inlining call to b.Big"))
}

// The profile is the same when lines are put in above a function.
func TestLinesAbove(t *testing.T) {
	var profiles [2][]byte
	for i, above := range []string{"", "\n// Another line.\nvar Above int\n"} {
		dir := house(t, "a.(*T).Sum b.Big")
		file := filepath.Join(dir, "kernel/a/a.go")
		text := bytes.Replace([]byte(files["kernel/a/a.go"]), []byte("\ntype T"), []byte(above+"\ntype T"), 1)
		require.NoError(t, os.WriteFile(file, text, 0o644))
		code, said := hotcalls(dir)
		require.Zero(t, code, said)
		var err error
		profiles[i], err = os.ReadFile(filepath.Join(dir, "profile"))
		require.NoError(t, err)
	}
	assert.Equal(t, profiles[0], profiles[1])
}

func TestRefused(t *testing.T) {
	tests := map[string]struct{ list, says string }{
		"no function":       {"a.Use a.Gone", "hotcalls.txt:1: there is no function a.Gone; write its new name, or remove the line"},
		"no such method":    {"\na.(*T).second b.Big", "hotcalls.txt:2: there is no function a.(*T).second"},
		"no package":        {"c.F b.Big", "hotcalls.txt:1: c.F: "},
		"not called":        {"a.Use b.Big", "hotcalls.txt:1: a.Use does not call b.Big; remove the line, or name the function that does"},
		"generic":           {"a.Use a.Of", "hotcalls.txt:1: a.Of is generic"},
		"one word":          {"a.Use", "hotcalls.txt:1: a function by itself; write a caller and one that it calls"},
		"twice":             {"a.T.second b.Big\na.T.second b.Big", "hotcalls.txt:2: the call stands in the list already"},
		"not a function":    {"Use b.Big", "hotcalls.txt:1: \"Use\" is no function"},
		"a function's name": {"a. b.Big", "hotcalls.txt:1: \"a.\" is no function"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, said := hotcalls(house(t, test.list))
			assert.Equal(t, 1, code)
			assert.Contains(t, said, test.says)
		})
	}
}

func TestFiles(t *testing.T) {
	code, said := hotcalls(t.TempDir())
	assert.Equal(t, 2, code)
	assert.Contains(t, said, "hotcalls.txt")
	var b bytes.Buffer
	assert.Equal(t, 2, run(nil, &b))
	assert.Contains(t, b.String(), "usage:")
}

// The list of this house is in order.
func TestOurs(t *testing.T) {
	var b bytes.Buffer
	assert.Zero(t, run([]string{"-o", filepath.Join(t.TempDir(), "profile"), "../.."}, &b), b.String())
}
