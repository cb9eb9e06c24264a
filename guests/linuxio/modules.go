package main

import (
	"fmt"
	"os"
	"path"
	"strings"

	"golang.org/x/sys/unix"
)

// load loads modules, and those before each that it needs.
func load(names ...string) error {
	var system unix.Utsname
	if err := unix.Uname(&system); err != nil {
		return err
	}
	dir := path.Join("/lib/modules", unix.ByteSliceToString(system.Release[:]))
	text, err := os.ReadFile(path.Join(dir, "modules.dep"))
	if err != nil {
		return err
	}
	for _, name := range names {
		files := needed(string(text), name)
		if files == nil {
			return fmt.Errorf("there is no module %s in %s", name, dir)
		}
		for _, file := range files {
			if err := loadFile(path.Join(dir, file)); err != nil {
				return fmt.Errorf("load %s: %w", file, err)
			}
		}
	}
	return nil
}

// needed is a module's file, last, and the files of those that it needs. A line of modules.dep has a file, and behind a colon those that it
// needs: the last of them has to be loaded first.
func needed(dependencies, module string) (files []string) {
	for line := range strings.Lines(dependencies) {
		file, others, found := strings.Cut(strings.TrimSpace(line), ":")
		if name, _, _ := strings.Cut(path.Base(file), "."); !found || name != module {
			continue
		}
		for _, other := range strings.Fields(others) {
			files = append([]string{other}, files...)
		}
		return append(files, file)
	}
	return nil
}

func loadFile(name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := unix.FinitModule(int(file.Fd()), "", 0); err != unix.EEXIST {
		return err
	}
	return nil
}
