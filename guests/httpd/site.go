package main

import (
	"fmt"
	"html"
	"io"
	"log"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"tuco/guestlib"
)

// site is what is served.
type site struct {
	*http.ServeMux
	began    time.Time
	requests atomic.Uint64
}

func newSite() *site {
	s := &site{ServeMux: http.NewServeMux(), began: time.Now()}
	s.HandleFunc("GET /{$}", s.page)
	s.HandleFunc("GET /metrics", s.metrics)
	s.HandleFunc("POST /echo", echo)
	return s
}

// ServeHTTP is that of http.Handler.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	s.ServeMux.ServeHTTP(w, r)
}

// page is short, and so doesn't need a template: package html/template would keep all methods of all types in the image.
const page = `<!DOCTYPE html>
<title>A guest of Tuco</title>
<h1>A guest of Tuco</h1>
<p>This page is served by an ordinary Go program, with net/http, that is the kernel of a paravirtual domain.
It runs %s, and has been up for %v. You are %s. Its <a href="/metrics">metrics</a>.
`

func (s *site) page(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprintf(w, page, html.EscapeString(runtime.Version()), time.Since(s.began).Round(time.Second), html.EscapeString(r.RemoteAddr))
}

// echo answers with what it is sent, as it comes. Without being told to, a server that has begun to answer reads no more.
func echo(w http.ResponseWriter, r *http.Request) {
	err := http.NewResponseController(w).EnableFullDuplex()
	if err == nil {
		_, err = io.Copy(w, r.Body)
	}
	if err != nil {
		log.Println("echo:", err)
	}
}

// metric is a line, and what describes it.
type metric struct {
	name, kind, help string
	value            float64
}

func (s *site) metrics(w http.ResponseWriter, _ *http.Request) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	paging := guestlib.Paging()
	pages, free := guestlib.Memory()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	for _, m := range []metric{
		{"http_requests_total", "counter", "Requests that have been served.", float64(s.requests.Load())},
		{"go_goroutines", "gauge", "Goroutines that there are.", float64(runtime.NumGoroutine())},
		{"go_memstats_heap_alloc_bytes", "gauge", "Bytes of the heap in use.", float64(m.HeapAlloc)},
		{"go_memstats_sys_bytes", "gauge", "Bytes that the runtime has of the guest.", float64(m.Sys)},
		{"go_gc_cycles_total", "counter", "Garbage collections.", float64(m.NumGC)},
		{"guest_memory_pages", "gauge", "Pages of the domain.", float64(pages)},
		{"guest_memory_free_pages", "gauge", "Pages that nobody has.", float64(free)},
		{"guest_paging_updates_total", "counter", "Page-table updates.", float64(paging.Updates)},
		{"guest_paging_flushes_total", "counter", "Hypercalls that carried them.", float64(paging.Flushes)},
		{"guest_paging_waits_total", "counter", "Times that somebody waited for one.", float64(paging.Waits)},
		{"process_start_time_seconds", "gauge", "When the guest began, in seconds since 1970.", float64(s.began.UnixMilli()) / 1000},
	} {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n%s %v\n", m.name, m.help, m.name, m.kind, m.name, m.value)
	}
}
