package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall"
)

// ended follows the trace of a host that ends, and is what was shown.
func ended(t *testing.T, args ...string) string {
	status, stdout, stderr := tool(t, args...)
	require.Equal(t, exitFailure, status)
	require.Contains(t, stderr, "the host ends")
	return stdout
}

func TestTraceFor(t *testing.T) {
	running(t)
	assert.Equal(t, "\n0.000 s, 2 CPUs, 0 records lost\n\nEVENT  KIND  COUNT  TIME  EACH  SHARE\n", ok(t, "trace", "--for", "10ms"))
}

// A trace in words, and what it adds up to: times are the host's, each end belongs to what was begun last on its CPU, and what was lost is no time.
func TestTrace(t *testing.T) {
	h := running(t)
	const vcpu = 1<<16 | 2 // of web
	h.AddRecords(
		hypercall.ControlTraceRecord{TSC: 5_000_000, Event: hypercall.CONTROLTRACE_hypercall, VCPU: vcpu, A: uint64(hypercall.HYPERVISOR_event_channel_op) | 99<<32, B: hypercall.EVTCHNOP_send},
		hypercall.ControlTraceRecord{TSC: 5_000_500, Event: hypercall.CONTROLTRACE_exception, CPU: 1, VCPU: 2 << 16, A: 14 | 7<<32, B: 0x1000},
		hypercall.ControlTraceRecord{TSC: 5_001_000, Event: hypercall.CONTROLTRACE_timer_run, VCPU: hypercall.CONTROLTRACE_NO_VCPU, A: 10, B: 3},
		hypercall.ControlTraceRecord{TSC: 5_002_500, Event: hypercall.CONTROLTRACE_served, CPU: 0, VCPU: vcpu, A: 2500, B: 1<<64 - 22},
		hypercall.ControlTraceRecord{TSC: 5_003_000, Event: hypercall.CONTROLTRACE_lost, CPU: 1, VCPU: hypercall.CONTROLTRACE_NO_VCPU, A: 77},
		hypercall.ControlTraceRecord{TSC: 5_003_500, Event: hypercall.CONTROLTRACE_served, CPU: 1, VCPU: 2 << 16, A: 9_000_000},
		hypercall.ControlTraceRecord{TSC: 5_004_000, Event: hypercall.CONTROLTRACE_hypercall, VCPU: vcpu, A: uint64(hypercall.HYPERVISOR_event_channel_op), B: hypercall.EVTCHNOP_send},
		hypercall.ControlTraceRecord{TSC: 5_004_500, Event: hypercall.CONTROLTRACE_served, VCPU: vcpu, A: 500},
		hypercall.ControlTraceRecord{TSC: 5_010_000, Event: hypercall.CONTROLTRACE_exit, VCPU: vcpu, A: 19, B: 0x2000},
	)
	want := `   0.000000000  cpu 0   1.2     hypercall   event_channel_op EVTCHNOP_send
   0.000000500  cpu 1   2.0     exception   #PF page fault at 0x1000, error code 0x7
   0.000001000  cpu 0           timer-run   deadline 10 ns, 3 ns late
   0.000002500  cpu 0   1.2     served      in 2.50 µs, result -EINVAL
   0.000003000  cpu 1           lost        77 records
   0.000003500  cpu 1   2.0     served      in 9000.00 µs, result 0
   0.000004000  cpu 0   1.2     hypercall   event_channel_op EVTCHNOP_send
   0.000004500  cpu 0   1.2     served      in 0.50 µs, result 0
   0.000010000  cpu 0   1.2     exit        HLT at 0x2000

0.000 s, 2 CPUs, 77 records lost

EVENT      KIND                            COUNT  TIME      EACH     SHARE
hypercall  event_channel_op EVTCHNOP_send  2      0.003 ms  1.50 µs  15.00 %
exception  #PF page fault                  1      -         -        -
exit       HLT                             1      -         -        -
timer-run                                  1      -         -        -
`
	assert.Equal(t, want, ended(t, "trace"))
	lines := strings.Split(strings.TrimSpace(ended(t, "trace", "web", "--json")), "\n")
	require.Len(t, lines, 5+1)
	assert.JSONEq(t, `{"time":0,"cpu":0,"domain":1,"vcpu":2,"event":"hypercall","kind":"event_channel_op EVTCHNOP_send"}`, lines[0])
	assert.JSONEq(t, `{"time":0.00001,"cpus":2,"lost":0,"rows":[
		{"event":"hypercall","kind":"event_channel_op EVTCHNOP_send","count":2,"time":0.000003,"share":0.15},{"event":"exit","kind":"HLT","count":1}]}`, lines[5])

	status, _, stderr := tool(t, "trace", "wbe")
	assert.Equal(t, exitFailure, status)
	assert.Contains(t, stderr, "did you mean web?")
	for _, args := range [][]string{{"--class", "exits"}, {"--for", "-1s"}, {"a", "b"}} {
		status, _, _ = tool(t, append([]string{"trace"}, args...)...)
		assert.Equal(t, exitUsage, status, args)
	}
}
