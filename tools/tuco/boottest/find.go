package boottest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ErrNoTests says that a path has no tests.
var ErrNoTests = errors.New("there are no tests")

// Find finds test files: a path is such a file, or a directory with such files below it. Each is found once, and a directory's are in
// the order of their names.
func Find(paths ...string) (files []string, err error) {
	for _, path := range paths {
		found, bad := find(path)
		err = errors.Join(err, bad)
		for _, f := range found {
			if f = filepath.Clean(f); !slices.Contains(files, f) {
				files = append(files, f)
			}
		}
	}
	return files, err
}

func find(path string) (files []string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	err = filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.HasSuffix(name, Extension) {
			files = append(files, name)
		}
		return err
	})
	if err == nil && files == nil {
		err = fmt.Errorf("%s: %w in this directory or below: their names end with %s", path, ErrNoTests, Extension)
	}
	return files, err
}
