package exposition_test

import (
	"bytes"
	"errors"
	"math"
	"runtime"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/control/exposition"
)

func TestText(t *testing.T) {
	var b bytes.Buffer
	w := exposition.NewWriter(&b)
	w.Begin("a_total", exposition.Counter, "What \\ there\nis.")
	w.Sample(3)
	w.Sample(1.5, "guest", "web", "said", "\"\\\n")
	w.Begin("b", exposition.Gauge, "Another.")
	w.Sample(math.Inf(1))
	w.Sample(math.Inf(-1), "x", "")
	w.Histogram("h_seconds", "Lengths.", []uint64{2, 0, 3, 1}, []float64{math.Inf(-1), 1, 2, 4, math.Inf(1)})
	require.NoError(t, w.Flush())
	assert.Equal(t, `# HELP a_total What \\ there\nis.
# TYPE a_total counter
a_total 3
a_total{guest="web",said="\"\\\n"} 1.5
# HELP b Another.
# TYPE b gauge
b +Inf
b{x=""} -Inf
# HELP h_seconds Lengths.
# TYPE h_seconds histogram
h_seconds_bucket{le="1"} 2
h_seconds_bucket{le="4"} 5
h_seconds_bucket{le="+Inf"} 6
h_seconds_sum 15
h_seconds_count 6
`, b.String())

	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(&b)
	require.NoError(t, err)
	assert.Equal(t, "\"\\\n", families["a_total"].Metric[1].Label[1].GetValue())
	assert.EqualValues(t, 6, families["h_seconds"].Metric[0].Histogram.GetSampleCount())
}

// The runtime has all the figures that are asked for, and Prometheus's parser reads them.
func TestRuntime(t *testing.T) {
	runtime.GC()
	var b bytes.Buffer
	w := exposition.NewWriter(&b)
	exposition.Runtime(w)
	require.NoError(t, w.Flush())
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(&b)
	require.NoError(t, err)
	assert.Len(t, families, 10)
	assert.NotZero(t, families["go_goroutines"].Metric[0].Gauge.GetValue())
	assert.NotZero(t, families["go_gc_pauses_seconds"].Metric[0].Histogram.GetSampleCount())
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("nobody listens") }

func TestError(t *testing.T) {
	w := exposition.NewWriter(broken{})
	w.Begin("a", exposition.Gauge, "A.")
	assert.EqualError(t, w.Flush(), "nobody listens")
}
