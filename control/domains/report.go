package domains

import (
	"slices"
	"time"
)

// How much is kept of crashes.
const (
	MaxReports  = 32 // the oldest go
	maxEvidence = 8 << 10
)

// Report is what is kept of a crash.
type Report struct {
	Guest  string            `json:"guest"`
	ID     ID                `json:"id"`
	Handle Handle            `json:"handle"`
	Time   time.Time         `json:"time"`
	Lived  time.Duration     `json:"lived"`
	Reason string            `json:"reason"`
	Texts  map[string]string `json:"texts,omitempty"` // evidence by its name; the end of it, if it is long
}

// Evidence is something to be kept of a guest that has crashed, whose domain is still there: the end of its console, its registers.
type Evidence struct {
	Name string
	Text func(i *Instance) (string, error)
}

// report keeps what there is to say about a crash, once.
func (m *Manager) report(g *guest, reason uint32, lived time.Duration) {
	if slices.ContainsFunc(m.Reports(g.config.Name), func(r Report) bool { return r.Handle == g.instance.Handle }) {
		return
	}
	r := Report{
		Guest: g.config.Name, ID: g.instance.ID, Handle: g.instance.Handle, Time: m.Now(), Lived: lived, Reason: reasonName(reason), Texts: map[string]string{},
	}
	for _, e := range m.Evidence {
		text, err := e.Text(g.instance)
		if err != nil {
			text = "not to be had: " + err.Error()
		}
		r.Texts[e.Name] = text[max(0, len(text)-maxEvidence):]
	}
	m.Log.Error("guest crashed", "guest", r.Guest, "reason", r.Reason, "lived", lived)
	m.set(func() {
		m.reports = append(m.reports, r)
		m.reports = slices.Clone(m.reports[max(0, len(m.reports)-MaxReports):])
	})
	if err := m.save(); err != nil {
		m.Log.Error("the report is not in the record", "error", err)
	}
}

// Reports are the crashes of a guest, or with an empty name all, the oldest first. They outlive the guest.
func (m *Manager) Reports(name string) (list []Report) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.reports {
		if name == "" || r.Guest == name {
			list = append(list, r)
		}
	}
	return list
}
