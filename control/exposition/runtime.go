package exposition

import "runtime/metrics"

// of the Go runtime: the names of client_golang's collector, where it has them, so that what people have for Go programs shows these too.
var ofRuntime = []struct {
	from, name string
	kind       Kind
	help       string
}{
	{"/sched/goroutines:goroutines", "go_goroutines", Gauge, "Goroutines that there are."},
	{"/gc/cycles/total:gc-cycles", "go_gc_cycles_total", Counter, "Collections of the garbage collector."},
	{"/memory/classes/total:bytes", "go_memory_total_bytes", Gauge, "Memory that the Go runtime has mapped."},
	{"/memory/classes/heap/objects:bytes", "go_memory_heap_objects_bytes", Gauge, "Memory of objects in the heap, those too that are no longer used and not yet swept."},
	{"/memory/classes/heap/released:bytes", "go_memory_heap_released_bytes", Gauge, "Memory of the heap that was given back."},
	{"/gc/heap/goal:bytes", "go_gc_heap_goal_bytes", Gauge, "Size of the heap at which the next collection ends."},
	{"/gc/heap/allocs:bytes", "go_gc_heap_allocs_bytes_total", Counter, "Memory of all objects that there have been."},
	{"/gc/gomemlimit:bytes", "go_gc_gomemlimit_bytes", Gauge, "Limit that the garbage collector keeps to, if it can."},
}

// ofPauses are histograms.
var ofPauses = []struct{ from, name, help string }{
	{"/sched/pauses/total/gc:seconds", "go_gc_pauses_seconds", "Pauses of the whole program that the garbage collector has made, from the request to the end."},
	{"/sched/latencies:seconds", "go_sched_latencies_seconds", "Time that goroutines have waited to run."},
}

// Runtime writes figures of the Go runtime.
func Runtime(w *Writer) {
	samples := make([]metrics.Sample, 0, len(ofRuntime)+len(ofPauses))
	for _, m := range ofRuntime {
		samples = append(samples, metrics.Sample{Name: m.from})
	}
	for _, m := range ofPauses {
		samples = append(samples, metrics.Sample{Name: m.from})
	}
	metrics.Read(samples)
	for k, m := range ofRuntime {
		if v := samples[k].Value; v.Kind() == metrics.KindUint64 {
			w.Begin(m.name, m.kind, m.help)
			w.Sample(float64(v.Uint64()))
		}
	}
	for k, m := range ofPauses {
		if v := samples[len(ofRuntime)+k].Value; v.Kind() == metrics.KindFloat64Histogram {
			h := v.Float64Histogram()
			w.Histogram(m.name, m.help, h.Counts, h.Buckets)
		}
	}
}
