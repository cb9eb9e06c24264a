package api

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"tuco/control/api/wire"
	"tuco/control/images"
	"tuco/control/volume"
)

// snapshotMark stands between a volume's name and a snapshot's.
const snapshotMark = "@"

func (s *Server) volumes(w http.ResponseWriter, _ *http.Request) error {
	list, err := s.Volumes.List()
	if err != nil {
		return err
	}
	all := wire.Volumes{Space: wire.Space(s.Volumes.Space()), Volumes: []wire.Volume{}}
	for _, i := range list {
		if !strings.HasPrefix(i.Name, images.Prefix) {
			all.Volumes = append(all.Volumes, wire.Volume(i))
		}
	}
	send(w, http.StatusOK, all)
	return nil
}

// existing is the name of a volume or snapshot that a request is about. The control domain's own are none of the client's.
func existing(name string) (string, error) {
	if strings.HasPrefix(name, images.Prefix) {
		return "", refuse(http.StatusNotFound, "volume %s: %v", name, volume.ErrNotFound)
	}
	return name, nil
}

// fresh is the name of a volume that is to be made.
func fresh(name string) (string, error) {
	if strings.Contains(name, snapshotMark) {
		return "", refuse(http.StatusBadRequest, "%q can't be a volume's name: %s is for snapshots", name, snapshotMark)
	}
	return name, nil
}

func (s *Server) newVolume(w http.ResponseWriter, r *http.Request) error {
	var n wire.NewVolume
	if err := receive(r, &n); err != nil {
		return err
	}
	name, err := fresh(n.Name)
	if err != nil {
		return err
	}
	switch {
	case n.Clone != "" && n.Size != 0:
		return refuse(http.StatusBadRequest, "a clone has the size of what it is made of: leave out \"size\", or \"clone\"")
	case n.Clone != "":
		var of string
		if of, err = existing(n.Clone); err == nil {
			err = s.Volumes.Clone(of, name)
		}
	default:
		err = s.Volumes.Create(name, n.Size)
	}
	return s.made(w, name, err)
}

func (s *Server) snapshot(w http.ResponseWriter, r *http.Request) error {
	var n wire.NewSnapshot
	if err := receive(r, &n); err != nil {
		return err
	}
	of, err := existing(r.PathValue("name"))
	if err != nil {
		return err
	}
	name := of + snapshotMark + n.Name
	return s.made(w, name, s.Volumes.Snapshot(of, name))
}

// made answers with a volume that has been made, if it has.
func (s *Server) made(w http.ResponseWriter, name string, err error) error {
	if err != nil {
		return err
	}
	list, err := s.Volumes.List()
	if err != nil {
		return err
	}
	for _, i := range list {
		if i.Name == name {
			send(w, http.StatusCreated, wire.Volume(i))
			return nil
		}
	}
	return refuse(http.StatusConflict, "volume %s: somebody has deleted it just now", name)
}

// user says who has a volume in use, and what to do about it.
func (s *Server) user(name string) string {
	for _, g := range s.Guests.List() {
		for _, d := range g.Config.Disks {
			if d.Volume == name {
				return fmt.Sprintf("it is %s of guest %q: destroy that first", d.VDev, g.Config.Name)
			}
		}
	}
	return "it is being imported or exported: try again when that is done"
}

func (s *Server) deleteVolume(w http.ResponseWriter, r *http.Request) error {
	name, err := existing(r.PathValue("name"))
	if err == nil {
		err = s.Volumes.Delete(name)
	}
	if errors.Is(err, volume.ErrBusy) {
		err = fmt.Errorf("%w: %s", err, s.user(name))
	}
	return done(w, err)
}
