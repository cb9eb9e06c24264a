package main

import (
	"context"
	"errors"
	"io"
	"net/http"

	"tuco/control/link"
	"tuco/control/serial"
	"tuco/guestlib/hardware"
)

// serial answers HTTP over the second serial port, until somebody says quit.
func (h *host) serial() error {
	port, err := serial.Open(hardware.Ports{}, serial.COM2)
	if err != nil {
		return err
	}
	if err := h.lines.ServeISA(serial.COM2Line, port.Interrupted); err != nil {
		return err
	}
	server := &http.Server{}
	stopped := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("POST /echo", func(w http.ResponseWriter, r *http.Request) {
		if body, err := io.ReadAll(r.Body); err == nil { // all of it first, as HTTP wants it
			_, _ = w.Write(body)
		}
	})
	mux.HandleFunc("POST /quit", func(http.ResponseWriter, *http.Request) {
		go func() {
			_ = server.Shutdown(context.Background()) // when this has been answered
			close(stopped)
		}()
	})
	server.Handler = mux
	if err := server.Serve(link.Listen(port)); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-stopped
	port.Drain() // the answer
	return nil
}
