// Command iobench measures what a guest's devices cost, all that works for them counted: the guest, the hypervisor, and the control
// domain with its back ends. It is for hosts of one CPU whose time stamp counter counts instructions.
//
// Words of its command line: disk measures the first disk, and loses what is on it; address=ADDRESS is that of the first
// network interface, ping=ADDRESS asks the host there for echos, send=ADDRESS sends to another guest that runs
// this program with the word answer; store asks the store; brief has it do less of all that.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"
)

// options is what the command line says.
type options struct {
	disk, store, answer, brief bool
	own, ping, send            netip.Addr
}

func main() {
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(o)
	}
	if err != nil {
		fmt.Println("iobench:", err)
		os.Exit(1)
	}
	fmt.Println("iobench: done")
}

func parse(words []string) (o options, err error) {
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "disk":
			o.disk = true
		case "store":
			o.store = true
		case "brief":
			o.brief = true
		case "answer":
			o.answer = true
		case "address":
			o.own, err = netip.ParseAddr(value)
		case "ping":
			o.ping, err = netip.ParseAddr(value)
		case "send":
			o.send, err = netip.ParseAddr(value)
		default:
			err = fmt.Errorf("unknown word %q on the command line: disk, store, brief, answer, address=, ping= and send= are known", word)
		}
		if err != nil {
			return o, err
		}
	}
	if (o.answer || o.ping.IsValid() || o.send.IsValid()) && !o.own.IsValid() {
		err = errors.New("answer, ping and send need address=ADDRESS, which is this guest's")
	}
	return o, err
}

// patience is how long a back end may take to connect.
const patience = time.Minute

func run(o options) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	t := &table{part: 1, samples: 1}
	if o.brief {
		const sixteenth, three = 16, 3
		t.part, t.samples = sixteenth, three
	}
	if o.disk {
		if err := disk(ctx, t); err != nil {
			return err
		}
	}
	if o.store {
		if err := store(t); err != nil {
			return err
		}
	}
	if o.own.IsValid() { // last: the guest that answers ends then, which is work for the control domain
		if err := network(ctx, t, o); err != nil {
			return err
		}
	}
	t.print()
	return nil
}
