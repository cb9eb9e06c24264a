package fakehost

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"

	"tuco/control/api/wire"
)

func (h *Host) volumePaths(on func(string, handler)) {
	of := func(method, what string, do func(v *volume, w http.ResponseWriter, r *http.Request) (any, *refused)) {
		on(method+" "+wire.PathVolumes+"/{name}"+what, func(w http.ResponseWriter, r *http.Request) (any, *refused) {
			v := h.volumes[r.PathValue("name")]
			if v == nil {
				return nil, refuse(http.StatusNotFound, "there is no volume %q", r.PathValue("name"))
			}
			return do(v, w, r)
		})
	}
	on("GET "+wire.PathVolumes, func(http.ResponseWriter, *http.Request) (any, *refused) {
		all := wire.Volumes{Space: h.self().Volumes, Volumes: []wire.Volume{}}
		for _, name := range slices.Sorted(maps.Keys(h.volumes)) {
			all.Volumes = append(all.Volumes, h.volumes[name].Volume)
		}
		return all, nil
	})
	on("POST "+wire.PathVolumes, func(_ http.ResponseWriter, r *http.Request) (any, *refused) {
		var n wire.NewVolume
		if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
			return nil, refuse(http.StatusBadRequest, "%v", err)
		}
		content := make([]byte, n.Size)
		if n.Clone != "" {
			if h.volumes[n.Clone] == nil {
				return nil, refuse(http.StatusNotFound, "there is no volume %q", n.Clone)
			}
			content = h.volumes[n.Clone].content
		}
		if h.volumes[n.Name] != nil {
			return nil, refuse(http.StatusConflict, "there is a volume %q already", n.Name)
		}
		return h.put(n.Name, content), nil
	})
	of("DELETE", "", func(v *volume, _ http.ResponseWriter, _ *http.Request) (any, *refused) {
		delete(h.volumes, v.Name)
		return nil, nil
	})
	of("POST", wire.Snapshots, func(v *volume, _ http.ResponseWriter, r *http.Request) (any, *refused) {
		var n wire.NewSnapshot
		if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
			return nil, refuse(http.StatusBadRequest, "%v", err)
		}
		h.put(v.Name+"@"+n.Name, v.content)
		s := h.volumes[v.Name+"@"+n.Name]
		s.ReadOnly = true
		return s.Volume, nil
	})
	of("GET", wire.Content, func(v *volume, w http.ResponseWriter, r *http.Request) (any, *refused) {
		if r.FormValue(wire.QueryFormat) == wire.FormatQCOW2 {
			io.WriteString(w, "QFI\xfb") // of some format
		}
		w.Write(v.content)
		return answered, nil
	})
	on("PUT "+wire.PathVolumes+"/{name}"+wire.Content, func(_ http.ResponseWriter, r *http.Request) (any, *refused) {
		content, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, refuse(http.StatusBadRequest, "%v", err)
		}
		name := r.PathValue("name")
		if h.volumes[name] != nil {
			return nil, refuse(http.StatusConflict, "there is a volume %q already", name)
		}
		return h.put(name, content), nil
	})
}
