// Command traffic is a guest that uses all that its host's daemons give it, without a pause, and checks every byte: it writes its disk and reads it, sends blocks over
// a connection and has them sent back, counts on its console, and changes the store. When it is asked to power off it reads its whole disk again, and tells what it has done.
//
// Words of its command line: address=ADDRESS/PREFIX is the network interface's; peer=ADDRESS is another such guest's, to which it sends: without it, it sends back
// what comes.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"tuco/guestlib/here"
	"tuco/guestlib/power"
	"tuco/guestlib/toolstack"
)

func main() {
	words := map[string]string{}
	for _, word := range os.Args[1:] {
		name, value, _ := strings.Cut(word, "=")
		words[name] = value
	}
	fail(run(words["address"], words["peer"]))
}

func fail(err error) {
	fmt.Println("traffic: failed:", err)
	os.Exit(1)
}

// work is one thing that the guest does without a pause, until it is stopped.
type work struct {
	name string
	once func(n int) error // does it once more, after n times
	done atomic.Int64
}

// run returns only if something is wrong.
func run(address, peer string) error {
	ctx := context.Background()
	store, err := here.Domain().Xenbus()
	if err != nil {
		return err
	}
	disk, err := openDisk(ctx, here.Domain())
	if err != nil {
		return err
	}
	counter, err := newCounter(store)
	if err != nil {
		return err
	}
	works := []*work{{name: "blocks", once: disk.once}, {name: "changes", once: counter.once}}
	exchange, interrupt, err := openNetwork(ctx, here.Domain(), address, peer)
	if err != nil {
		return err
	}
	if peer != "" {
		works = append(works, &work{name: "round trips", once: exchange})
	}
	stop := make(chan struct{})
	ended := make(chan error, len(works))
	for _, w := range works {
		go func() { ended <- w.run(stop) }()
	}
	power.AtEnd(func(power.Reason) {
		close(stop)
		interrupt()
		for range works {
			if err := <-ended; err != nil {
				fail(err)
			}
		}
		if err := disk.check(); err != nil {
			fail(err)
		}
		fmt.Println("traffic: ok:" + tell(works))
	})
	go func() { fail(toolstack.Follow(ctx, store)) }()
	for line := 0; ; line++ {
		select {
		case <-stop:
			select {} // the domain ends
		case <-time.After(20 * time.Millisecond):
			fmt.Printf("traffic: line %d:%s\n", line, tell(works))
		}
	}
}

func (w *work) run(stop <-chan struct{}) error {
	for n := 0; ; n++ {
		select {
		case <-stop:
			return nil
		default:
		}
		switch err := w.once(n); {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return nil // it was interrupted: there is no other deadline
		case err != nil:
			fail(fmt.Errorf("%s, after %d: %w", w.name, n, err))
		}
		w.done.Add(1)
	}
}

// tell is how much was done.
func tell(works []*work) string {
	var b strings.Builder
	for _, w := range works {
		fmt.Fprintf(&b, " %s %d", w.name, w.done.Load())
	}
	return b.String()
}
