// Package bundle writes boot bundles: the cpio archive, in the "newc" format of cpio(5), that a boot loader hands to
// the hypervisor as its one module. It holds boot.cfg and the files that it names.
package bundle

import (
	"fmt"
	"io"
	"math"
)

// ConfigName is the name of the bundle's configuration.
const ConfigName = "boot.cfg"

// A File is a regular file in a bundle.
type File struct {
	Name string
	Data []byte
}

// Write writes the files in their order, then the trailer.
func Write(w io.Writer, files ...File) error {
	archive := writer{w: w}
	for i, file := range files {
		if file.Name == "" || file.Name == trailerName {
			return fmt.Errorf("bundle: file name %q", file.Name)
		}
		if len(file.Data) > math.MaxUint32 {
			return fmt.Errorf("bundle: %s has %d bytes, more than the format can hold", file.Name, len(file.Data))
		}
		archive.entry(uint32(i+1), modeRegular, file.Name, file.Data)
	}
	archive.entry(0, 0, trailerName, nil)
	return archive.err
}

const (
	trailerName = "TRAILER!!!"
	modeRegular = 0o100644
)

// A writer writes padded pieces and keeps the first error.
type writer struct {
	w   io.Writer
	err error
}

// entry writes a header, a name and the data, each padded to four bytes. Times, owners and devices are zero, so that
// equal files make an equal bundle.
func (a *writer) entry(inode, mode uint32, name string, data []byte) {
	links := uint32(1)
	header := "070701"
	for _, field := range []uint32{
		inode, mode, 0, 0, links, 0, uint32(len(data)), 0, 0, 0, 0, uint32(len(name) + 1), 0,
	} {
		header += fmt.Sprintf("%08x", field)
	}
	a.padded([]byte(header + name + "\x00"))
	a.padded(data)
}

func (a *writer) padded(data []byte) {
	if a.err != nil {
		return
	}
	if _, a.err = a.w.Write(data); a.err != nil {
		return
	}
	if rest := len(data) % 4; rest != 0 {
		_, a.err = a.w.Write(make([]byte, 4-rest))
	}
}
