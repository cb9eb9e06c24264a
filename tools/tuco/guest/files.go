package guest

import (
	"io/fs"
	"path/filepath"
	"strings"

	"tuco/tools/tuco/ramdisk"
)

// WriteRamdisk packs what tests read: their package's files and its testdata, where they are here, and Go's time zones.
func (t Test) WriteRamdisk(to string) error {
	r := ramdisk.Ramdisk{}
	err := r.Add(t.Dir, t.Dir, func(name string, e fs.DirEntry) bool {
		return e.IsDir() && name != "testdata" && !strings.HasPrefix(name, "testdata/")
	})
	if err != nil {
		return err
	}
	zones := filepath.Join(t.GOROOT, "lib", "time", "zoneinfo.zip")
	if err := r.Add(zones, zones, nil); err != nil {
		return err
	}
	return r.Write(to)
}

// Environment is the words of a guest's command line that tell its tests where they are.
func (t Test) Environment() []string {
	return []string{"env.PWD=" + t.Dir, "env.GOROOT=" + t.GOROOT}
}
