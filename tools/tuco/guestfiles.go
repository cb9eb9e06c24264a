package main

import (
	"os"
	"path/filepath"

	"tuco/control/bzimage"
	"tuco/control/config"
	"tuco/kernel/pvbuild"
	"tuco/kernel/pvelf"
	"tuco/kernel/text"
	"tuco/tools/tuco/host"
	"tuco/tools/tuco/slim"
)

// guestFiles are the files that a guest.cfg names.
type guestFiles struct {
	kernelPath, ramdiskPath string
	kernel, ramdisk         []byte
}

// readFiles reads a guest's files, whose names are relative to the guest.cfg's directory, and looks at them as the control domain will. What can be done with a kernel
// here needs no memory there: it is unpacked, and made slim. An error names the line of the guest.cfg.
func readFiles(file string, g *config.Guest, at *config.Values) (f guestFiles, err error) {
	f.kernelPath = besides(file, g.Kernel)
	if f.kernel, err = os.ReadFile(f.kernelPath); err != nil {
		return f, at.Errorf("kernel", -1, "%v", err)
	}
	if bzimage.Is(f.kernel) {
		if f.kernel, err = bzimage.Unpack(f.kernel); err != nil {
			return f, at.Errorf("kernel", -1, "%s: %v", g.Kernel, err)
		}
	}
	f.kernel = slim.Kernel(f.kernel)
	if g.Ramdisk != "" {
		f.ramdiskPath = besides(file, g.Ramdisk)
		if f.ramdisk, err = os.ReadFile(f.ramdiskPath); err != nil {
			return f, at.Errorf("ramdisk", -1, "%v", err)
		}
	}
	var line text.Line
	image := new(pvelf.Image)
	if bad := pvelf.Parse(image, f.kernel, ^pvelf.Features(0)); !bad.OK() { // which features there are the host knows
		return f, at.Errorf("kernel", -1, "%s: %s", g.Kernel, bad.Text(&line))
	}
	config := pvbuild.Config{Pages: uint64(host.Size(g.Memory) * host.MiB / (4 * host.KiB)), Ramdisk: f.ramdisk, Args: []byte(g.Extra)}
	if bad := pvbuild.Lay(new(pvbuild.Layout), image, &config); !bad.OK() {
		return f, at.Errorf("memory", -1, "%s", bad.Text(&line))
	}
	return f, nil
}

// besides is the path of a file that another file names.
func besides(file, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(file), name)
}
