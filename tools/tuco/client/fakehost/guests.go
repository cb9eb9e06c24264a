package fakehost

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"

	"tuco/control/api/wire"
	"tuco/control/config"
)

type handler = func(w http.ResponseWriter, r *http.Request) (any, *refused)

func (h *Host) guestPaths(on func(string, handler)) {
	// of is for paths of one guest.
	of := func(method, what string, do func(g *guest, w http.ResponseWriter, r *http.Request) (any, *refused)) {
		on(method+" "+wire.PathDomains+"/{name}"+what, func(w http.ResponseWriter, r *http.Request) (any, *refused) {
			g := h.guests[r.PathValue("name")]
			if g == nil {
				return nil, refuse(http.StatusNotFound, "there is no guest %q", r.PathValue("name"))
			}
			return do(g, w, r)
		})
	}
	turn := func(what, from, to string) {
		of("POST", what, func(g *guest, _ http.ResponseWriter, _ *http.Request) (any, *refused) {
			if g.State != from {
				return nil, refuse(http.StatusConflict, "guest %q is %s, not %s", g.Name, g.State, from)
			}
			g.State = to
			return nil, nil
		})
	}
	on("GET "+wire.PathDomains, h.list)
	on("POST "+wire.PathDomains, h.create)
	of("GET", "", func(g *guest, _ http.ResponseWriter, _ *http.Request) (any, *refused) { return g.Domain, nil })
	of("DELETE", "", func(g *guest, _ http.ResponseWriter, _ *http.Request) (any, *refused) {
		close(g.gone)
		delete(h.guests, g.Name)
		return nil, nil
	})
	turn(wire.Pause, "running", "paused")
	turn(wire.Unpause, "paused", "running")
	turn(wire.Shutdown, "running", "running")
	turn(wire.Reboot, "running", "running")
	of("PUT", wire.Scheduling, func(g *guest, _ http.ResponseWriter, r *http.Request) (any, *refused) {
		var to wire.Schedule
		if err := json.NewDecoder(r.Body).Decode(&to); err != nil {
			return nil, refuse(http.StatusBadRequest, "the body is no schedule")
		}
		is := *g.Config
		if to.Weight != nil {
			is.Weight = *to.Weight
		}
		if to.Cap != nil {
			is.Cap = *to.Cap
		}
		g.Config = &is
		return g.Domain, nil
	})
	of("GET", wire.Reports, func(g *guest, _ http.ResponseWriter, _ *http.Request) (any, *refused) {
		return append([]wire.Report{}, g.reports...), nil
	})
	of("GET", wire.Console, h.console)
	of("GET", wire.Capture, func(_ *guest, w http.ResponseWriter, r *http.Request) (any, *refused) {
		if r.URL.Query().Get(wire.QueryInterface) != "0" {
			return nil, refuse(http.StatusBadRequest, "it has no such interface")
		}
		io.WriteString(w, "frames")
		return answered, nil
	})
}

// list has each guest work for half a second of each second between two looks, which are a second apart.
func (h *Host) list(http.ResponseWriter, *http.Request) (any, *refused) {
	h.looks++
	list := []wire.Domain{}
	for _, name := range slices.Sorted(maps.Keys(h.guests)) {
		g := h.guests[name]
		d := g.Domain
		d.CPUTime, d.Exits = h.looks/2, uint64(h.looks)*1000
		d.Disks = slices.Clone(d.Disks)
		for i := range d.Disks {
			d.Disks[i].BytesRead, d.Disks[i].BytesWritten = uint64(h.looks)<<20, uint64(h.looks)<<10
		}
		list = append(list, d)
	}
	return list, nil
}

func (h *Host) create(_ http.ResponseWriter, r *http.Request) (any, *refused) {
	form, err := r.MultipartReader()
	if err != nil {
		return nil, refuse(http.StatusBadRequest, "%v", err)
	}
	sent := map[string]string{}
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "%v", err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "%v", err)
		}
		sent[part.FormName()] = string(text)
	}
	// The form is read to its end, whatever is wrong with it: who still sends may not get to see the answer.
	c, err := config.ParsePlain("guest.cfg", []byte(sent[wire.PartConfig]))
	switch {
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "%v", err)
	case h.guests[c.Name] != nil:
		return nil, refuse(http.StatusConflict, "the guest %q exists", c.Name)
	}
	g := h.add(c)
	g.Sent = sent
	return g.Domain, nil
}

// console is an echo behind what the guest has written.
func (h *Host) console(g *guest, w http.ResponseWriter, r *http.Request) (any, *refused) {
	if r.Header.Get("Upgrade") == "" {
		w.Write(g.console)
		return answered, nil
	}
	w.Header().Set("Connection", "Upgrade")
	w.Header().Set("Upgrade", wire.ConsoleProtocol)
	w.WriteHeader(http.StatusSwitchingProtocols)
	conn, both, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, refuse(http.StatusInternalServerError, "%v", err)
	}
	both.Write(bytes.Clone(g.console))
	both.Flush()
	go func() {
		<-g.gone
		conn.Close()
	}()
	go io.Copy(conn, both.Reader)
	return answered, nil
}
