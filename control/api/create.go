package api

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"tuco/control/api/wire"
	"tuco/control/config"
	"tuco/control/images"
	"tuco/control/volume"
)

// formRoom is more than a form has besides its files.
const formRoom = config.MaxSize + 64<<10

// create makes a guest of a form. Its parts come one after the other, and each is on a volume before the next is looked at.
func (s *Server) create(w http.ResponseWriter, r *http.Request) error {
	form, err := openForm(r)
	if err != nil {
		return err
	}
	room := s.Images.Room()
	if r.ContentLength > room+formRoom {
		return s.noRoom(r.ContentLength, room)
	}
	g, err := readConfig(form)
	if err != nil {
		return err
	}
	if err := s.absent(g.Name); err != nil { // before the files come
		return err
	}
	for _, file := range []struct {
		part string
		name *string
	}{{wire.PartKernel, &g.Kernel}, {wire.PartRamdisk, &g.Ramdisk}} {
		if *file.name == "" {
			continue
		}
		var bytes int64
		if *file.name, bytes, err = s.image(form, file.part, room); err != nil {
			return err
		}
		room -= bytes
		defer s.Images.Release(*file.name)
	}
	if err := form.end(); err != nil {
		return err
	}
	if err := s.build(g); err != nil {
		return err
	}
	d, err := s.find(g.Name)
	if err != nil { // it has ended already, and its guest.cfg says that it goes then
		d = wire.Domain{Name: g.Name, State: "ended", Config: g, VCPUs: g.VCPUs, Disks: []wire.Disk{}, NICs: []wire.NIC{}}
	}
	send(w, http.StatusCreated, d)
	return nil
}

// build makes a guest of files that have come, when no other guest is being made so: its kernel may have to be unpacked in memory.
func (s *Server) build(g *config.Guest) error {
	s.building <- struct{}{}
	defer func() { <-s.building }()
	return s.Guests.Create(g)
}

// absent refuses a name that a guest has.
func (s *Server) absent(name string) error {
	if i, there := s.guest(name); there {
		return refuse(http.StatusConflict, "there is a guest %q already, %s; destroy it, or give the new one another name", name, i.State)
	}
	return nil
}

// readConfig reads the form's first part.
func readConfig(form *form) (*config.Guest, error) {
	p, err := form.part(wire.PartConfig)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(p, config.MaxSize+1)) // Parse refuses what is longer
	if err != nil {
		return nil, badForm(err)
	}
	file := p.FileName()
	if file == "" {
		file = "guest.cfg"
	}
	g, err := config.ParsePlain(file, text)
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	return g, nil
}

// image keeps a file of the form, held until it is released. Room is how large it may be.
func (s *Server) image(form *form, name string, room int64) (image string, bytes int64, err error) {
	p, err := form.part(name)
	if err != nil {
		return "", 0, err
	}
	from := &watched{from: p}
	image, bytes, err = s.Images.Add(from, room)
	switch {
	case errors.Is(err, images.ErrTooLarge):
		err = s.noRoom(room+1, room)
	case from.err != nil:
		err = badForm(from.err)
	case errors.Is(err, volume.ErrFull): // the volume's own name says nothing to the client
		err = fmt.Errorf("%s: %w", name, volume.ErrFull)
	case err != nil:
		err = fmt.Errorf("%s: %w", name, err)
	}
	return image, bytes, err
}

// noRoom refuses images for which the volumes have no room.
func (s *Server) noRoom(bytes, room int64) error {
	return refuse(http.StatusInsufficientStorage, "kernel and ramdisk: %d bytes or more; the host has room for %d: delete volumes, or start it with a larger disk (tuco up --disk), or without one with more memory (--control-memory)", bytes, room)
}

// watched knows how its reader has failed, whatever became of the error on its way.
type watched struct {
	from io.Reader
	err  error
}

func (r *watched) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
