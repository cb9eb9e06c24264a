package gotests

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestRead(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       []Test
		err        string
	}{
		{"nothing", "", nil, ""},
		{"comments", "# all of them\n\n  # more\n", nil, ""},
		{"two", "sync TestA processes\nnet/http  TestB/one_two  files # why\n", []Test{
			{"sync", "TestA", "processes", "x.txt:1"}, {"net/http", "TestB/one_two", "files", "x.txt:2"},
		}, ""},
		{"no reason", "\nsync TestA\n", nil, "x.txt:2: 2 words, want three"},
		{"unknown reason", "sync TestA boredom\n", nil, `x.txt:1: "boredom" is no reason; the reasons are addresses, below, cpus`},
		{"twice", "sync TestA files\nsync TestA processes\n", nil, "x.txt:2: TestA of sync is listed already, at x.txt:1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := read(fstest.MapFS{"x.txt": {Data: []byte(test.text)}, "y.go": {Data: []byte("package y")}})
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestPattern(t *testing.T) {
	require.Equal(t, "", Pattern(nil))
	require.Equal(t, `^TestA$|^TestB$/^one\.two$`, Pattern([]Test{{Name: "TestA"}, {Name: "TestB/one.two"}}))
}

func TestRunOf(t *testing.T) {
	tests := []Test{{Name: "TestA"}, {Name: "TestB/one"}}
	for pattern, want := range map[string][]Test{"": tests, "A": tests[:1], "^TestB$/two": tests[1:], "C": {}} {
		got, err := Run(tests, pattern)
		require.NoError(t, err)
		require.Equal(t, want, got, pattern)
	}
	_, err := Run(tests, "(")
	require.Error(t, err)
}

// What is listed is there, so that the lists hold nothing that Go has dropped or renamed.
func TestListedTestsExist(t *testing.T) {
	all, err := All()
	require.NoError(t, err)
	require.NotEmpty(t, all)
	var packages []string
	for _, test := range all {
		if !slices.Contains(packages, test.Package) {
			packages = append(packages, test.Package)
		}
	}
	there := functions(t, packages)
	for _, test := range all {
		name, _, _ := strings.Cut(test.Name, "/")
		if !there[test.Package][name] {
			t.Errorf("%s: package %s has no test %s", test.Where, test.Package, name)
		}
	}
}

// functions is the functions in the test files of packages.
func functions(t *testing.T, packages []string) map[string]map[string]bool {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=Dir,ImportPath,TestGoFiles,XTestGoFiles"}, packages...)...)
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	require.NoError(t, err)
	there := map[string]map[string]bool{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			Dir, ImportPath           string
			TestGoFiles, XTestGoFiles []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return there
		} else {
			require.NoError(t, err)
		}
		there[p.ImportPath] = map[string]bool{}
		for _, name := range append(p.TestGoFiles, p.XTestGoFiles...) {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
					there[p.ImportPath][f.Name.Name] = true
				}
			}
		}
	}
}
