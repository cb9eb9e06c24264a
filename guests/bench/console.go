package main

import (
	"bytes"

	"tuco/guestlib/hypercalls"
	"tuco/hypercall"
)

// written is what is written to the console.
var written = [2][]byte{bytes.Repeat([]byte("."), 64), []byte("\n")}

// console is the hypervisor's console, of which each byte takes its time.
func console() ([]row, error) {
	write := func(op string, n int, text []byte) row {
		r := called(op, n, nil, hypercall.HYPERVISOR_console_io, hypercall.CONSOLEIO_write, uint64(len(text)), hypercalls.Address(&text[0]))
		r.samples = 5
		return r
	}
	return []row{
		write("console_io write 64 bytes", len(written[0]), written[0]),
		write("console_io write 1 byte newline", 1, written[1]),
	}, nil
}
