//go:build boot

package qemutests

import (
	"crypto/sha256"
	"debug/elf"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const pageSize = 4096

// No page of the image is writable and executable, by the rights of the segments that lie in it.
func TestNoPageIsWritableAndExecutable(t *testing.T) {
	file, err := elf.Open(image)
	require.NoError(t, err)
	defer file.Close()
	rights := map[uint64]elf.ProgFlag{}
	for _, prog := range file.Progs {
		if prog.Type != elf.PT_LOAD {
			continue
		}
		assert.NotEqual(t, elf.PF_W|elf.PF_X, prog.Flags&(elf.PF_W|elf.PF_X), "segment at %#x", prog.Vaddr)
		for page := prog.Vaddr / pageSize; page*pageSize < prog.Vaddr+prog.Memsz; page++ {
			rights[page] |= prog.Flags
		}
	}
	require.NotEmpty(t, rights)
	for page, flags := range rights {
		assert.NotEqual(t, elf.PF_W|elf.PF_X, flags&(elf.PF_W|elf.PF_X), "page at %#x", page*pageSize)
	}
}

// The kernel's text and data are in the top 2 GiB.
func TestImageIsInTheHighHalf(t *testing.T) {
	file, err := elf.Open(image)
	require.NoError(t, err)
	defer file.Close()
	for _, name := range []string{".text.0", ".text.1", ".text.2", ".text.3"} {
		text := file.Section(name)
		require.NotNil(t, text, name)
		assert.GreaterOrEqual(t, text.Addr, uint64(0xffffffff80000000))
		assert.Equal(t, elf.SHF_ALLOC|elf.SHF_EXECINSTR, text.Flags&(elf.SHF_ALLOC|elf.SHF_EXECINSTR|elf.SHF_WRITE))
	}
}

func TestImageIsSmall(t *testing.T) {
	stripped := filepath.Join(t.TempDir(), "tuco.elf")
	output, err := exec.Command("strip", "-o", stripped, image).CombinedOutput()
	require.NoError(t, err, "%s", output)
	info, err := os.Stat(stripped)
	require.NoError(t, err)
	t.Logf("%d bytes stripped", info.Size())
	require.LessOrEqual(t, info.Size(), int64(1_500_000))
}

// Two builds from two folders are equal, byte for byte.
func TestBuildIsReproducible(t *testing.T) {
	t.Parallel()
	var sums [][sha256.Size]byte
	for _, name := range []string{"a", "a much longer name/of a folder"} {
		dir := filepath.Join(t.TempDir(), name)
		copyTree(t, "..", dir)
		started := time.Now()
		build := exec.Command("make", "-C", dir, "kernel")
		output, err := build.CombinedOutput()
		require.NoError(t, err, "%s", output)
		t.Logf("built in %v", time.Since(started))
		data, err := os.ReadFile(filepath.Join(dir, "out/tuco.elf"))
		require.NoError(t, err)
		sums = append(sums, sha256.Sum256(data))
	}
	require.Equal(t, sums[0], sums[1])
}

// copyTree copies a source tree without what is built or hidden.
func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, relative)
		switch {
		case entry.IsDir() && (relative == "out" || relative == ".git"):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(target, 0o755)
		case !entry.Type().IsRegular():
			return nil // .git of a worktree, links to nowhere
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, info.Mode().Perm())
	})
	require.NoError(t, err)
}
