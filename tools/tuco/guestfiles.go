package main

import (
	"fmt"
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

// fileReader reads the files that guest.cfg files name, each once.
type fileReader struct{ kernels, ramdisks map[string][]byte }

func newFileReader() fileReader {
	return fileReader{kernels: map[string][]byte{}, ramdisks: map[string][]byte{}}
}

// read reads a guest's files, whose names are relative to the guest.cfg's directory, and looks at them as the control domain will. An error names the line of the
// guest.cfg.
func (r fileReader) read(file string, g *config.Guest, at *config.Values) (f guestFiles, err error) {
	f.kernelPath = besides(file, g.Kernel)
	if f.kernel, err = once(r.kernels, f.kernelPath, readKernel); err != nil {
		return f, at.Errorf("kernel", -1, "%v", err)
	}
	if g.Ramdisk != "" {
		f.ramdiskPath = besides(file, g.Ramdisk)
		if f.ramdisk, err = once(r.ramdisks, f.ramdiskPath, os.ReadFile); err != nil {
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

// once is what a function makes of a file, which it is asked for once.
func once(made map[string][]byte, path string, from func(path string) ([]byte, error)) (content []byte, err error) {
	content, there := made[path]
	if !there {
		if content, err = from(path); err == nil {
			made[path] = content
		}
	}
	return content, err
}

// readKernel reads a kernel. What can be done with it here needs no memory in the control domain: it is unpacked, and made slim.
func readKernel(path string) ([]byte, error) {
	kernel, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if bzimage.Is(kernel) {
		if kernel, err = bzimage.Unpack(kernel); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return slim.Kernel(kernel), nil
}

// besides is the path of a file that another file names.
func besides(file, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(file), name)
}
