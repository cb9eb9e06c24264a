package api

import (
	"net/http"
	"slices"
	"strings"

	"tuco/control/api/wire"
)

// route is something that can be asked for. A handler that fails has answered nothing.
type route struct {
	method, path string // as in openapi.json
	handle       func(*Server, http.ResponseWriter, *http.Request) error
}

const named = "/{name}"

var routes = []route{
	{"GET", wire.PathHost, (*Server).host},
	{"POST", wire.PathHost + wire.PowerOff, (*Server).powerOff},

	{"GET", wire.PathDomains, (*Server).domains},
	{"POST", wire.PathDomains, (*Server).create},
	{"GET", wire.PathDomains + named, (*Server).domain},
	{"DELETE", wire.PathDomains + named, (*Server).destroy},
	{"POST", wire.PathDomains + named + wire.Pause, (*Server).pause},
	{"POST", wire.PathDomains + named + wire.Unpause, (*Server).unpause},
	{"POST", wire.PathDomains + named + wire.Shutdown, (*Server).shutdown},
	{"POST", wire.PathDomains + named + wire.Reboot, (*Server).reboot},
	{"PUT", wire.PathDomains + named + wire.Scheduling, (*Server).schedule},
	{"GET", wire.PathDomains + named + wire.Reports, (*Server).reports},
	{"GET", wire.PathDomains + named + wire.Console, (*Server).console},
	{"GET", wire.PathDomains + named + wire.Capture, (*Server).capture},

	{"GET", wire.PathVolumes, (*Server).volumes},
	{"POST", wire.PathVolumes, (*Server).newVolume},
	{"DELETE", wire.PathVolumes + named, (*Server).deleteVolume},
	{"POST", wire.PathVolumes + named + wire.Snapshots, (*Server).snapshot},
	{"PUT", wire.PathVolumes + named + wire.Content, (*Server).importVolume},
	{"GET", wire.PathVolumes + named + wire.Content, (*Server).exportVolume},

	{"GET", wire.PathDaemons, (*Server).daemons},
	{"POST", wire.PathDaemons + named + wire.Restart, (*Server).restartDaemon},

	{"GET", wire.PathTrace, (*Server).trace},
	{"GET", wire.PathMetrics, (*Server).metrics},
	{"GET", wire.PathOpenAPI, (*Server).openAPI},
}

// handler finds who answers.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	methods := map[string][]string{}
	for _, r := range routes {
		mux.HandleFunc(r.method+" "+r.path, func(w http.ResponseWriter, req *http.Request) {
			if err := r.handle(s, w, req); err != nil {
				s.failed(w, req, err)
			}
		})
		methods[r.path] = append(methods[r.path], r.method)
	}
	for path, allowed := range methods {
		if slices.Contains(allowed, "GET") {
			allowed = append(allowed, "HEAD")
		}
		slices.Sort(allowed)
		mux.HandleFunc(path, func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Allow", strings.Join(allowed, ", "))
			s.fail(w, refuse(http.StatusMethodNotAllowed, "%s takes %s, not %s", req.URL.Path, strings.Join(allowed, " and "), req.Method))
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, req *http.Request) {
		s.fail(w, refuse(http.StatusNotFound, "there is no %s here; %s lists what there is", req.URL.Path, wire.PathOpenAPI))
	})
	return s.outer(mux)
}
