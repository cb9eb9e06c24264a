package pauses

import (
	"math"
	"runtime"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRead(t *testing.T) {
	before := Read()
	runtime.GC()
	after := Read()
	assert.Greater(t, after.Collections, before.Collections)
	assert.Positive(t, after.Stop)
	assert.Positive(t, after.Wait)
	assert.GreaterOrEqual(t, after.Stop, before.Stop)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	for _, ns := range m.PauseNs { // of each collection, its two stops together
		assert.LessOrEqual(t, time.Duration(ns), 2*Read().Stop)
	}
}

func TestLongest(t *testing.T) {
	bounds := []float64{math.Inf(-1), 1e-6, 1e-3, math.Inf(1)}
	for _, c := range []struct {
		counts []uint64
		want   time.Duration
	}{
		{[]uint64{0, 0, 0}, 0},
		{[]uint64{3, 0, 0}, time.Microsecond},
		{[]uint64{3, 1, 0}, time.Millisecond},
		{[]uint64{0, 0, 1}, time.Millisecond},
	} {
		assert.Equal(t, c.want, longest(&metrics.Float64Histogram{Counts: c.counts, Buckets: bounds}), c.counts)
	}
}
