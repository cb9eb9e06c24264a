package guest

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"tuco/tools/tuco/ramdisk"
)

// WriteRamdisk packs what tests read: their package's files and its testdata, where they are here, and the testdata beside the
// package, Go's time zones, and a little of what is on each system.
func (t Test) WriteRamdisk(to string) error {
	r := ramdisk.Ramdisk{}
	err := r.Add(t.Dir, t.Dir, func(name string, e fs.DirEntry) bool {
		return e.IsDir() && name != "testdata" && !strings.HasPrefix(name, "testdata/")
	})
	if err != nil {
		return err
	}
	beside := filepath.Join(filepath.Dir(t.Dir), "testdata")
	if _, err := os.Stat(beside); err == nil && t.Dir != beside {
		if err := r.Add(beside, beside, nil); err != nil {
			return err
		}
	}
	zones := filepath.Join(t.GOROOT, "lib", "time", "zoneinfo.zip")
	if err := r.Add(zones, zones, nil); err != nil {
		return err
	}
	for name, text := range system {
		r.AddText(name, text)
	}
	return r.Write(to)
}

// system is files that tests expect anywhere.
var system = map[string]string{
	"/etc/group":     "root:x:0:\n",
	"/etc/hosts":     "127.0.0.1 localhost\n::1 localhost\n",
	"/etc/passwd":    "root:x:0:0:root:/root:/none\n",
	"/root/.profile": "",
	"/usr/bin/none":  "",
}

// Environment is the words of a guest's command line that tell its tests where they are.
func (t Test) Environment() []string {
	return []string{"env.PWD=" + t.Dir, "env.GOROOT=" + t.GOROOT, "env.HOME=/root", "env.PATH=/usr/bin"}
}
