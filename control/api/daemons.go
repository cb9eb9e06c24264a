package api

import (
	"errors"
	"net/http"

	"tuco/control/api/wire"
)

// Daemons are the parts of the control domain that can be restarted.
type Daemons interface {
	List() []wire.Daemon
	// Restart ends one and starts it again. It fails with ErrNoDaemon.
	Restart(name string) error
}

// ErrNoDaemon says that there is no such daemon.
var ErrNoDaemon = errors.New("not found")

func (s *Server) daemons(w http.ResponseWriter, _ *http.Request) error {
	send(w, http.StatusOK, append([]wire.Daemon{}, s.Daemons.List()...))
	return nil
}

func (s *Server) restartDaemon(w http.ResponseWriter, r *http.Request) error {
	return done(w, s.Daemons.Restart(r.PathValue("name")))
}
