package scaffold

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tuco/control/config"
	"tuco/tools/tuco/boottest"
	"tuco/tools/tuco/guest"
)

// source is this project's tree.
const source = "../../.."

// The new module is complete: its test passes, and it can be built, with no network and outside this tree.
func TestMake(t *testing.T) {
	work, err := filepath.Abs(filepath.Join(source, "out", "obj", "_guest"))
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "first")
	g := Guest{Name: "first", Dir: dir, Source: source, Tool: "/bin/tuco"}
	require.NoError(t, g.Make())
	readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
	require.NoError(t, err)
	require.Contains(t, string(readme), "\n    /bin/tuco build . -o first.elf\n    /bin/tuco up guest.cfg\n")
	cfg, err := os.ReadFile(filepath.Join(dir, "guest.cfg"))
	require.NoError(t, err)
	described, err := config.Parse("guest.cfg", cfg)
	require.NoError(t, err)
	test, err := boottest.Read(filepath.Join(dir, "greeting.boot"))
	require.NoError(t, err)
	require.Equal(t, described, test.Guest)

	t.Chdir(dir)
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOFLAGS", "-mod=readonly")
	for _, args := range [][]string{{"vet", "./..."}, {"test", "./..."}} {
		out, err := exec.Command("go", args...).CombinedOutput()
		require.NoError(t, err, "go %s: %s", args, out)
	}
	require.NoError(t, guest.Build(t.Context(), guest.Options{Package: ".", Output: "first.elf", Work: work}))
	require.FileExists(t, "first.elf")
}

func TestMakeRefuses(t *testing.T) {
	dir := t.TempDir()
	there := filepath.Join(dir, "there")
	require.NoError(t, os.Mkdir(there, 0o755))
	other := filepath.Join(dir, "other")
	require.NoError(t, os.Mkdir(other, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(other, "go.mod"), []byte("module other\n"), 0o644))
	for _, test := range []struct {
		name, err string
		guest     Guest
		mendable  bool
	}{
		{"no name", `"" can't be a guest's name`, Guest{Dir: filepath.Join(dir, "a"), Source: source}, true},
		{"capitals", `"First" can't be a guest's name: want up to 40 small letters`, Guest{Name: "First", Dir: filepath.Join(dir, "b"), Source: source}, true},
		{"a path", `"../first" can't be`, Guest{Name: "../first", Dir: filepath.Join(dir, "c"), Source: source}, true},
		{"a flag", `"-first" can't be`, Guest{Name: "-first", Dir: filepath.Join(dir, "d"), Source: source}, true},
		{"there already", "there is there already: choose another name", Guest{Name: "there", Dir: there, Source: source}, true},
		{"no place", "no such file or directory", Guest{Name: "first", Dir: filepath.Join(dir, "nowhere", "first"), Source: source}, true},
		{"no source", "the source tree that guests are built with", Guest{Name: "first", Dir: filepath.Join(dir, "e"), Source: there}, false},
		{"another's source", "is not the go.mod of module tuco", Guest{Name: "first", Dir: filepath.Join(dir, "f"), Source: other}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := test.guest.Make()
			require.ErrorContains(t, err, test.err)
			require.Equal(t, test.mendable, errors.Is(err, ErrBadArgument))
			if test.guest.Dir != there {
				require.NoDirExists(t, test.guest.Dir)
			}
		})
	}
}
