package api

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"tuco/control/api/wire"
	"tuco/control/images"
	"tuco/control/volume"
	"tuco/control/volume/qcow2"
)

// formatOf is the format that a request names.
func formatOf(r *http.Request) (string, error) {
	switch f := r.URL.Query().Get(wire.QueryFormat); f {
	case "", wire.FormatRaw:
		return wire.FormatRaw, nil
	case wire.FormatQCOW2:
		return f, nil
	default:
		return "", refuse(http.StatusBadRequest, "the format %q is not known: write %s=%s or %s=%s; qemu-img converts others", f, wire.QueryFormat, wire.FormatRaw, wire.QueryFormat, wire.FormatQCOW2)
	}
}

// importVolume makes a volume of an image.
func (s *Server) importVolume(w http.ResponseWriter, r *http.Request) error {
	name, err := fresh(r.PathValue("name"))
	if err != nil {
		return err
	}
	format, err := formatOf(r)
	if err != nil {
		return err
	}
	if r.ContentLength < 0 {
		return refuse(http.StatusLengthRequired, "the image's size has to be known before it comes: send Content-Length")
	}
	if format == wire.FormatQCOW2 {
		err = s.importQCOW2(name, r.Body, r.ContentLength)
	} else {
		err = s.Volumes.Import(name, r.ContentLength, volume.Raw(r.Body, r.ContentLength))
	}
	return s.made(w, name, err)
}

// errImported ends the life of a volume that has served its purpose.
var errImported = errors.New("the image has been imported")

// importQCOW2 makes a volume of a qcow2 image, whose parts can come in any order: so it is on a volume of its own meanwhile, which is being imported
// itself, and which therefore no end of the host leaves behind.
func (s *Server) importQCOW2(name string, from io.Reader, bytes int64) error {
	if bytes == 0 {
		return refuse(http.StatusBadRequest, "the qcow2 image is empty")
	}
	bad := errImported // what the volume's maker says, without what the other import adds to it
	err := s.Volumes.Import(images.Prefix+"import-"+rand.Text(), bytes, func(to io.WriterAt) error {
		bad = s.convert(name, to.(*volume.Volume), from, bytes)
		return bad
	})
	if bad == errImported {
		return ignore(err, errImported)
	}
	return bad
}

// ignore is an error, unless it is but another one.
func ignore(err, what error) error {
	if errors.Is(err, what) {
		return nil
	}
	return err
}

// convert makes the volume of an image that comes to a volume of its own. Its error is errImported, then, or what was wrong.
func (s *Server) convert(name string, own *volume.Volume, from io.Reader, bytes int64) error {
	if err := volume.Raw(from, bytes)(own); err != nil {
		return err
	}
	image, err := qcow2.Open(io.NewSectionReader(volume.Bytes{Volume: own}, 0, bytes), bytes)
	if err != nil {
		return refuse(http.StatusBadRequest, "%v", err)
	}
	if err := s.Volumes.Import(name, image.Size(), image.Fill); err != nil {
		return err
	}
	return errImported
}

// lastPart is more than WriteTo writes at once, so that something is held back until it has returned.
const lastPart = 8 * volume.ExtentSize

// exportVolume sends an image of a volume, which nobody may write meanwhile.
func (s *Server) exportVolume(w http.ResponseWriter, r *http.Request) error {
	name, err := existing(r.PathValue("name"))
	if err != nil {
		return err
	}
	format, err := formatOf(r)
	if err != nil {
		return err
	}
	v, err := s.Volumes.OpenVolume(name, true)
	if errors.Is(err, volume.ErrBusy) {
		err = fmt.Errorf("%w: make a snapshot (tuco volume snapshot %s@now), and export that", err, name)
	}
	if err != nil {
		return err
	}
	defer v.Close()
	w.Header().Set("Content-Type", "application/octet-stream")
	if format == wire.FormatQCOW2 {
		err = qcow2.Write(w, v)
	} else {
		w.Header().Set("Content-Length", strconv.FormatInt(v.Size(), 10))
		b := bufio.NewWriterSize(w, lastPart)
		if _, err = v.WriteTo(b); err == nil {
			v.Close() // a client that has all of it may delete the volume
			err = b.Flush()
		}
	}
	if err != nil && w.(*answer).status != 0 {
		s.Log.Warn("an export has not come to its end", "volume", name, "error", err)
		panic(http.ErrAbortHandler) // so that the client does not take what it has for all of it
	}
	return err
}
