package guest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tuco/tools/goport"
)

// joinGOROOT goes on with a GOROOT that has the library, and in its vendor directory the modules that the library imports.
func (b *builder) joinGOROOT(ctx context.Context) error {
	// A module of its own: in ours the library would be there twice. Its go line has the tests get what Go has now, not what
	// settings for old modules make of it.
	joined := filepath.Join(b.Work, "goroot-joined")
	release, err := lock(joined)
	if err != nil {
		return err
	}
	defer release()
	outside := filepath.Join(b.Work, "outside")
	goMod := "module outside\n\ngo " + strings.TrimPrefix(b.version, "go") + "\n"
	if err := goport.WriteFile(filepath.Join(outside, "go.mod"), goMod); err != nil {
		return err
	}
	links, err := b.joinedLinks(ctx)
	if err != nil {
		return err
	}
	if err := makeLinks(joined, links); err != nil {
		return err
	}
	b.goroot, b.dir = joined, outside
	return b.list(ctx)
}

// vendored is where GOROOT keeps packages of modules that the standard library imports.
var vendored = filepath.Join("src", "vendor")

// joinedLinks is the files and directories of the GOROOT, and what they are links to.
func (b *builder) joinedLinks(ctx context.Context) (map[string]string, error) {
	source, err := filepath.Abs(b.Source)
	if err != nil {
		return nil, err
	}
	links := map[string]string{}
	if err := b.vendorLinks(ctx, source, links); err != nil {
		return nil, err
	}
	for _, name := range []string{"guestlib", "hypercall", "ring"} {
		links[filepath.Join("src", "tuco", name)] = filepath.Join(source, name)
	}
	for _, dir := range []string{"", "src"} {
		entries, err := os.ReadDir(filepath.Join(b.goroot, dir))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if name := filepath.Join(dir, e.Name()); name != "src" && name != vendored {
				links[name] = filepath.Join(b.goroot, name)
			}
		}
	}
	// What GOROOT has there itself comes last: its own version counts.
	return links, filepath.WalkDir(filepath.Join(b.goroot, vendored), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(b.goroot, path)
		links[name] = path
		return err
	})
}

// vendorLinks adds the files of the modules' packages that the library imports.
func (b *builder) vendorLinks(ctx context.Context, source string, links map[string]string) error {
	ours := &builder{dir: source, goroot: b.goroot}
	fields := "-json=Dir,ImportPath,Standard,GoFiles,SFiles,HFiles"
	out, err := ours.run(ctx, append([]string{"list", "-deps", fields}, slices.Sorted(maps.Values(upper))...)...)
	if err != nil {
		return err
	}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Dir, ImportPath         string
			Standard                bool
			GoFiles, SFiles, HFiles []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if p.Standard || strings.HasPrefix(p.ImportPath, "tuco/") {
			continue
		}
		for _, name := range slices.Concat(p.GoFiles, p.SFiles, p.HFiles) {
			to := filepath.Join(vendored, filepath.FromSlash(p.ImportPath), name)
			if links[to], err = b.allowed(filepath.Join(p.Dir, name), filepath.Join(b.Work, to)); err != nil {
				return err
			}
		}
	}
}

// directive is a line that the compiler has no meaning for, and refuses in the standard library.
const directive = "//go:inline\n"

// allowed is the path of a file of a module, or of a copy without what is not allowed in the standard library.
func (b *builder) allowed(path, copied string) (string, error) {
	text, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(text, []byte(directive)) {
		return path, err
	}
	if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
		return "", err
	}
	return copied, os.WriteFile(copied, bytes.ReplaceAll(text, []byte(directive), nil), 0o644)
}

// makeLinks makes symbolic links below a directory, and removes others from where modules' packages are.
func makeLinks(root string, links map[string]string) error {
	for name, to := range links {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := link(path, to); err != nil {
			return err
		}
	}
	return filepath.WalkDir(filepath.Join(root, vendored), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil || links[name] != "" {
			return err
		}
		return os.Remove(path)
	})
}

// link makes a symbolic link, unless it is there.
func link(path, to string) error {
	if old, err := os.Readlink(path); err == nil && old == to {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(to, path)
}
