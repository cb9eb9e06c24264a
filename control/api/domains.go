package api

import (
	"net/http"
	"slices"

	"tuco/control/api/wire"
	"tuco/control/domains"
)

func (s *Server) domains(w http.ResponseWriter, _ *http.Request) error {
	all, err := s.figures()
	if err != nil {
		return err
	}
	list := []wire.Domain{}
	for _, i := range s.Guests.List() {
		list = append(list, s.describe(&i, all))
	}
	send(w, http.StatusOK, list)
	return nil
}

func (s *Server) domain(w http.ResponseWriter, r *http.Request) error {
	d, err := s.find(r.PathValue("name"))
	if err != nil {
		return err
	}
	send(w, http.StatusOK, d)
	return nil
}

// guest finds a guest by its name.
func (s *Server) guest(name string) (i domains.Info, there bool) {
	list := s.Guests.List()
	if k := slices.IndexFunc(list, func(i domains.Info) bool { return i.Config.Name == name }); k >= 0 {
		return list[k], true
	}
	return i, false
}

// noGuest refuses what is about a guest that is not there.
func noGuest(name string) error {
	return refuse(http.StatusNotFound, "there is no guest %q; tuco ps, or GET %s, lists those that there are", name, wire.PathDomains)
}

// find describes a guest.
func (s *Server) find(name string) (d wire.Domain, err error) {
	i, there := s.guest(name)
	if !there {
		return d, noGuest(name)
	}
	all, err := s.figures()
	if err != nil {
		return d, err
	}
	return s.describe(&i, all), nil
}

// done answers that something has been done.
func done(w http.ResponseWriter, err error) error {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

func (s *Server) destroy(w http.ResponseWriter, r *http.Request) error {
	return done(w, s.Guests.Destroy(r.PathValue("name")))
}

func (s *Server) pause(w http.ResponseWriter, r *http.Request) error {
	return done(w, s.Guests.Pause(r.PathValue("name")))
}

func (s *Server) unpause(w http.ResponseWriter, r *http.Request) error {
	return done(w, s.Guests.Unpause(r.PathValue("name")))
}

func (s *Server) shutdown(w http.ResponseWriter, r *http.Request) error {
	return done(w, s.Guests.Shutdown(r.PathValue("name"), domains.Poweroff))
}

func (s *Server) reboot(w http.ResponseWriter, r *http.Request) error {
	return done(w, s.Guests.Shutdown(r.PathValue("name"), domains.Reboot))
}

// schedule answers with the guest, as it is then.
func (s *Server) schedule(w http.ResponseWriter, r *http.Request) error {
	var to wire.Schedule
	if err := receive(r, &to); err != nil {
		return err
	}
	if to == (wire.Schedule{}) {
		return refuse(http.StatusBadRequest, "nothing is to be changed: give \"cpu_weight\", \"cap\", or both")
	}
	if err := s.Guests.SetSchedule(r.PathValue("name"), to.Weight, to.Cap); err != nil {
		return err
	}
	return s.domain(w, r)
}

// reports are of a guest that may be gone by now: a name that nobody has heard of has none.
func (s *Server) reports(w http.ResponseWriter, r *http.Request) error {
	list := []wire.Report{}
	for _, o := range s.Guests.Reports(r.PathValue("name")) {
		list = append(list, wire.Report{
			Guest: o.Guest, Domain: int(o.ID.Dom), Time: o.Time, Lived: o.Lived.Seconds(), Reason: o.Reason, Texts: o.Texts,
		})
	}
	send(w, http.StatusOK, list)
	return nil
}
