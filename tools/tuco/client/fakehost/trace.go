package fakehost

import (
	"encoding/json"
	"net/http"

	"tuco/control/api/wire"
	"tuco/hypercall"
)

// TicksPerMillisecond is how fast the time of records runs.
const TicksPerMillisecond = 1_000_000

// AddRecords has the hypervisor record something for whoever looks.
func (h *Host) AddRecords(list ...hypercall.ControlTraceRecord) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.records = append(h.records, list...)
}

// trace sends what there is, as of a host that ends then; or waits for the client to leave if there is nothing.
func (h *Host) trace(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get(wire.QueryDomain)
	h.mu.Lock()
	g, records := h.guests[name], h.records
	h.mu.Unlock()
	if name != "" && g == nil {
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(wire.Error{Error: "there is no guest \"" + name + "\""})
		return
	}
	head := wire.TraceHead{TicksPerMillisecond: TicksPerMillisecond, CPUs: 2}
	b := head.Append(nil)
	for i := range records {
		if g == nil || int(records[i].VCPU>>16) == g.Domain.Domain {
			b = wire.AppendTrace(b, &records[i])
		}
	}
	_, _ = w.Write(b)
	_ = http.NewResponseController(w).Flush()
	if len(records) == 0 {
		<-r.Context().Done()
	}
}
