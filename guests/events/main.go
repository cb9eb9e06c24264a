// Command events is a guest whose goroutines play ball by event channels: each pair has a channel of its own, with both ends in
// this domain, and nothing but events tells a player that the ball is back. It says how long a round took.
//
// Words on the command line: pairs=N and rounds=N.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"tuco/guestlib/evtchn"
	"tuco/hypercall"
)

func main() {
	pairs, rounds := 4, 200
	for _, word := range os.Args[1:] {
		name, value, _ := strings.Cut(word, "=")
		n, err := strconv.Atoi(value)
		switch {
		case err != nil || n <= 0:
			fail("%s: a word is pairs=N or rounds=N", word)
		case name == "pairs":
			pairs = n
		case name == "rounds":
			rounds = n
		default:
			fail("%s: the words are pairs=N and rounds=N", word)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	begin := time.Now()
	ended := make(chan error)
	for range pairs {
		go func() { ended <- game(ctx, rounds) }()
	}
	for range pairs {
		if err := <-ended; err != nil {
			fail("%v", err)
		}
	}
	took := time.Since(begin)
	fmt.Printf("events: %d pairs, %d rounds each, %d processors: ok, %v a round\n",
		pairs, rounds, runtime.GOMAXPROCS(0), took/time.Duration(pairs*rounds))
}

func fail(format string, args ...any) {
	fmt.Printf("events: "+format+"\n", args...)
	os.Exit(1)
}

// game is played by two goroutines until the ball has gone to and fro so many times.
func game(ctx context.Context, rounds int) error {
	a, err := evtchn.AllocUnbound(hypercall.DOMID_SELF)
	if err != nil {
		return err
	}
	defer a.Close()
	b, err := evtchn.BindInterdomain(hypercall.DOMID_SELF, a.Port())
	if err != nil {
		return err
	}
	defer b.Close()
	var ball atomic.Int64 // even: a's turn
	play := func(c *evtchn.Channel, parity int64) error {
		for n := ball.Load(); n < int64(2*rounds); n = ball.Load() {
			if n%2 != parity {
				if err := c.Wait(ctx); err != nil {
					return fmt.Errorf("after %d throws: %w", n, err)
				}
				continue
			}
			ball.Add(1)
			if err := c.Notify(); err != nil {
				return err
			}
		}
		return nil
	}
	other := make(chan error)
	go func() { other <- play(b, 1) }()
	if err := play(a, 0); err != nil {
		return err
	}
	return <-other
}
