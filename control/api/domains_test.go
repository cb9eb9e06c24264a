package api

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/api/wire"
	"tuco/control/config"
	"tuco/control/domains"
)

func TestHost(t *testing.T) {
	w := newWorld(t)
	w.begin("web")
	var h wire.Host
	require.Equal(t, http.StatusOK, w.json("GET", wire.PathHost, nil, &h))
	assert.Positive(t, h.Collector.LongestWait)
	h.Collector = wire.Collector{} // this test program's
	space := w.server.Volumes.Space()
	assert.Equal(t, wire.Host{
		Version: "1.2.3", Uptime: 5, CPUs: 2, Memory: wire.Space{Size: 1 << 30, Free: 1 << 29}, Volumes: wire.Space(space),
		Domains: 2, Guests: 1, Address: "10.0.2.15",
	}, h)
	require.Equal(t, http.StatusAccepted, w.json("POST", wire.PathHost+wire.PowerOff, nil, nil))
	assert.Eventually(t, func() bool { // when the client has the answer
		w.mu.Lock()
		defer w.mu.Unlock()
		return slices.Equal([]string{"power off"}, w.asked)
	}, time.Minute, time.Millisecond)
}

func TestDomain(t *testing.T) {
	w := newWorld(t)
	var list []wire.Domain
	_, text := w.ask("GET", wire.PathDomains, "", nil)
	assert.Equal(t, "[]\n", string(text), "no guests are a list too")

	w.begin("web")
	require.Equal(t, http.StatusOK, w.json("GET", wire.PathDomains, nil, &list))
	require.Len(t, list, 1)
	var d wire.Domain
	require.Equal(t, http.StatusOK, w.json("GET", wire.PathDomains+"/web", nil, &d))
	assert.Equal(t, list[0], d)
	d.Config = nil
	assert.Equal(t, wire.Domain{
		Name: "web", State: "running", Domain: 1, Memory: 64 << 20, VCPUs: 2, CPUTime: 2.5, Exits: 200, Ports: 9,
		Disks: []wire.Disk{{VDev: "xvda", Volume: "data", Reads: 1, Writes: 2, Flushes: 3, BytesRead: 4096, BytesWritten: 8192, Errors: 2}},
		NICs:  []wire.NIC{{Name: "web", MAC: "00:16:3e:00:00:01", Address: "10.77.0.2", Dropped: 4}},
	}, d)

	w.guests["old"] = &domains.Info{Config: w.guests["web"].Config, State: domains.Failed, Why: "no memory"}
	require.Equal(t, http.StatusOK, w.json("GET", wire.PathDomains, nil, &list))
	assert.Len(t, list, 2, "one without a domain is told of too")

	assert.Equal(t, `there is no guest "none"; tuco ps, or GET /v1/domains, lists those that there are`, w.refused(http.StatusNotFound, "GET", wire.PathDomains+"/none", "", nil))
}

func TestLife(t *testing.T) {
	w := newWorld(t)
	for _, what := range []string{wire.Pause, wire.Unpause, wire.Shutdown, wire.Reboot} {
		a, text := w.ask("POST", wire.PathDomains+"/web"+what, "", nil)
		assert.Equal(t, http.StatusNoContent, a.StatusCode)
		assert.Empty(t, text)
	}
	w.guests["web"] = &domains.Info{Config: &config.Guest{Name: "web"}}
	var d wire.Domain
	schedule := wire.PathDomains + "/web" + wire.Scheduling
	require.Equal(t, http.StatusOK, w.json("PUT", schedule, map[string]int{"cap": 50}, &d))
	assert.Equal(t, "web", d.Name)
	assert.Contains(t, w.refused(http.StatusBadRequest, "PUT", schedule, "application/json", strings.NewReader("{}")), "nothing is to be changed")
	require.Equal(t, http.StatusNoContent, w.json("DELETE", wire.PathDomains+"/web", nil, nil))
	require.Equal(t, http.StatusNoContent, w.json("POST", wire.PathDaemons+"/block"+wire.Restart, nil, nil))
	assert.Equal(t, []string{"pause web", "unpause web", "shutdown web poweroff", "shutdown web reboot", "schedule web cap 50", "destroy web", "restart block"}, w.asked)
	assert.Eventually(t, func() bool { // the log is written when the client has its answer
		return strings.Contains(w.logged(), "level=INFO msg=api method=DELETE path=/v1/domains/web status=204")
	}, time.Minute, time.Millisecond)
}

// An error has the status of its kind, whoever made it.
func TestErrors(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		err    error
		status int
	}{
		{domains.ErrNotFound, http.StatusNotFound},
		{domains.ErrState, http.StatusConflict},
		{domains.ErrQuota, http.StatusInsufficientStorage},
		{domains.ErrConfig, http.StatusBadRequest},
		{fmt.Errorf("making its domain: %w", syscall.ENOMEM), http.StatusInsufficientStorage},
		{errors.New("the disk has failed"), http.StatusInternalServerError},
	} {
		w.fail(c.err)
		assert.Equal(t, c.err.Error(), w.refused(c.status, "POST", wire.PathDomains+"/web"+wire.Pause, "", nil))
	}
	w.fail(errors.New("no figures"))
	for _, path := range []string{wire.PathHost, wire.PathDomains, wire.PathMetrics} {
		assert.Equal(t, "no figures", w.refused(http.StatusInternalServerError, "GET", path, "", nil))
	}
	assert.Contains(t, w.refused(http.StatusNotFound, "POST", wire.PathDaemons+"/blok"+wire.Restart, "", nil), `"blok"; there is block`)
	assert.Contains(t, w.refused(http.StatusNotFound, "GET", "/v2/host", "", nil), "there is no /v2/host here; /openapi.json lists")
	a, text := w.ask("PATCH", wire.PathDomains+"/web", "", nil)
	assert.Equal(t, "/v1/domains/web takes DELETE and GET and HEAD, not PATCH", w.isError(http.StatusMethodNotAllowed, a, text))
	assert.Equal(t, "DELETE, GET, HEAD", a.Header.Get("Allow"))
}

func TestReportsAndDaemons(t *testing.T) {
	w := newWorld(t)
	var list []wire.Report
	require.Equal(t, http.StatusOK, w.json("GET", wire.PathDomains+"/web"+wire.Reports, nil, &list))
	require.Len(t, list, 1)
	assert.Equal(t, 1.5, list[0].Lived)
	assert.Equal(t, map[string]string{"console": "the end"}, list[0].Texts)
	_, text := w.ask("GET", wire.PathDomains+"/none"+wire.Reports, "", nil)
	assert.Equal(t, "[]\n", string(text))
	var all []wire.Daemon
	require.Equal(t, http.StatusOK, w.json("GET", wire.PathDaemons, nil, &all))
	require.Len(t, all, 1)
	assert.Equal(t, "block", all[0].Name)
}

// Prometheus's parser reads the metrics; the figures of all kinds are among them.
func TestMetrics(t *testing.T) {
	w := newWorld(t)
	w.begin("web")
	require.NoError(t, w.server.Volumes.Create("data", 1<<20))
	require.NoError(t, w.server.Volumes.Create("@own", 1<<20))
	w.ask("GET", wire.PathHost, "", nil)
	a, text := w.ask("GET", wire.PathMetrics, "", nil)
	require.Equal(t, http.StatusOK, a.StatusCode)
	assert.Equal(t, "text/plain; version=0.0.4; charset=utf-8", a.Header.Get("Content-Type"))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(text)))
	require.NoError(t, err)
	for name, f := range families {
		assert.NotEmpty(t, f.GetHelp(), name)
		assert.Equal(t, strings.HasSuffix(name, "_total"), f.GetType() == dto.MetricType_COUNTER, name)
	}
	for _, line := range []string{
		`tuco_memory_free_bytes 5.36870912e+08`,
		`tuco_domain_cpu_seconds_total{domain="1",name="web"} 2.5`,
		`tuco_domain_memory_bytes{domain="1",name="web"} 6.7108864e+07`,
		`tuco_domain_vcpus{domain="1",name="web"} 2`,
		`tuco_domain_event_channels{domain="1",name="web"} 9`,
		`tuco_guest_state{guest="web",state="running"} 1`,
		`tuco_guest_exits_total{guest="web"} 200`,
		`tuco_disk_read_bytes_total{guest="web",vdev="xvda",volume="data"} 4096`,
		`tuco_nic_dropped_frames_total{guest="web",nic="web"} 4`,
		`tuco_volume_size_bytes{volume="data"} 1.048576e+06`,
		`tuco_daemon_restarts_total{daemon="block"} 2`,
	} {
		assert.Contains(t, string(text), "\n"+line+"\n")
	}
	assert.Contains(t, families, "tuco_api_answers_total")
	assert.NotContains(t, string(text), "@own")
	assert.Contains(t, string(text), "go_gc_pauses_seconds_bucket{")
}
