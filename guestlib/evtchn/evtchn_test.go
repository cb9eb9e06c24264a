package evtchn

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tuco/guestlib/gate"
	"tuco/hypercall"
)

// In a guest these tests are run by "tuco test-go ./guestlib/evtchn": there the domain talks to itself.

func needGuest(t *testing.T) {
	t.Helper()
	if !gate.Guest() {
		t.Skip("runs in a guest: tuco test-go ./guestlib/evtchn")
	}
}

func TestNoGuest(t *testing.T) {
	if gate.Guest() {
		return
	}
	if _, err := AllocUnbound(hypercall.DOMID_SELF); !errors.Is(err, syscall.ENOSYS) {
		t.Fatalf("got %v, want ENOSYS", err)
	}
}

// pair is a channel with both ends here.
func pair(t *testing.T) (a, b *Channel) {
	t.Helper()
	needGuest(t)
	a, err := AllocUnbound(hypercall.DOMID_SELF)
	if err != nil {
		t.Fatal(err)
	}
	b, err = BindInterdomain(hypercall.DOMID_SELF, a.Port())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	if err := b.Wait(t.Context()); err != nil { // the one that comes at once
		t.Fatal(err)
	}
	return a, b
}

// Two goroutines play ball. A lost event would stop the game.
func TestPingPong(t *testing.T) {
	const rounds = 1000
	a, b := pair(t)
	var ball atomic.Int64
	play := func(c *Channel, odd int64) error {
		for ball.Load() < rounds {
			for ball.Load()%2 == odd && ball.Load() < rounds {
				ball.Add(1)
				if err := c.Notify(); err != nil {
					return err
				}
			}
			if ball.Load() >= rounds {
				return nil
			}
			if err := c.Wait(t.Context()); err != nil {
				return err
			}
		}
		return nil
	}
	result := make(chan error)
	go func() { result <- play(a, 0) }()
	go func() { result <- play(b, 1) }()
	for range 2 {
		if err := <-result; err != nil {
			t.Fatal(err)
		}
	}
	if ball.Load() != rounds {
		t.Fatalf("%d rounds, want %d", ball.Load(), rounds)
	}
}

// Several games at once, each with its own channel.
func TestManyChannels(t *testing.T) {
	const channels, rounds = 20, 50
	results := make(chan error)
	for range channels {
		a, b := pair(t)
		go func() {
			for range rounds {
				if err := a.Notify(); err != nil {
					results <- err
					return
				}
				if err := a.Wait(t.Context()); err != nil {
					results <- err
					return
				}
			}
			results <- nil
		}()
		go func() {
			for range rounds {
				if err := b.Wait(t.Context()); err != nil {
					results <- err
					return
				}
				if err := b.Notify(); err != nil {
					results <- err
					return
				}
			}
			results <- nil
		}()
	}
	for range 2 * channels {
		if err := <-results; err != nil {
			t.Fatal(err)
		}
	}
}

// A flood is one event at a time, and the last is not lost.
func TestFlood(t *testing.T) {
	const most = 500
	a, b := pair(t)
	var sent atomic.Int64
	var sender sync.WaitGroup
	sender.Go(func() {
		for range most {
			sent.Add(1)
			if err := a.Notify(); err != nil {
				t.Error(err)
			}
		}
	})
	defer sender.Wait() // the last event may be behind the one that showed that it was to come
	seen := int64(0)
	for seen < most {
		if err := b.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		seen = sent.Load()
	}
}

// Events that come while nobody waits are one, and wait.
func TestMerged(t *testing.T) {
	a, b := pair(t)
	for range 5 {
		if err := a.Notify(); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.Unmask(); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if err := a.Notify(); err != nil {
			t.Fatal(err)
		}
	}
	const most = 2 // one was taken by Unmask's upcall, one may be pending behind it
	var err error
	for n := 0; err == nil; n++ {
		short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err = b.Wait(short)
		cancel()
		if err == nil && n == most {
			t.Fatal("an event that nobody sent")
		}
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	if err := a.Notify(); err != nil {
		t.Fatal(err)
	}
	if err := b.Wait(t.Context()); err != nil {
		t.Fatalf("after a context has ended: %v", err)
	}
}

func TestVIRQAndIPI(t *testing.T) {
	needGuest(t)
	ipi, err := BindIPI(0)
	if err != nil {
		t.Fatal(err)
	}
	defer ipi.Close()
	for range 3 {
		if err := ipi.Notify(); err != nil {
			t.Fatal(err)
		}
		if err := ipi.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	virq, err := BindVIRQ(hypercall.VIRQ_DEBUG, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := BindVIRQ(hypercall.VIRQ_DEBUG, 0); !errors.Is(err, syscall.EEXIST) {
		t.Fatalf("got %v, want EEXIST", err)
	}
	if err := virq.Close(); err != nil {
		t.Fatal(err)
	}
	if virq, err = BindVIRQ(hypercall.VIRQ_DEBUG, 0); err != nil {
		t.Fatalf("after it was closed: %v", err)
	}
	virq.Close()
}

// Each vCPU takes its events, whether or not it has had anything to do before.
func TestIPIOfEachVCPU(t *testing.T) {
	needGuest(t)
	vcpus := runtime.NumCPU()
	for vcpu := vcpus - 1; vcpu >= 0; vcpu-- {
		ipi, err := BindIPI(uint32(vcpu))
		if err != nil {
			t.Fatal(vcpu, err)
		}
		for range 3 {
			if err := ipi.Notify(); err != nil {
				t.Fatal(err)
			}
			if err := ipi.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		ipi.Close()
	}
	if _, err := BindIPI(uint32(vcpus)); !errors.Is(err, syscall.ENOENT) {
		t.Fatalf("got %v, want ENOENT", err)
	}
}

func TestClose(t *testing.T) {
	a, b := pair(t)
	waited := make(chan error)
	go func() { waited <- b.Wait(context.Background()) }()
	time.Sleep(10 * time.Millisecond)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; !errors.Is(err, ErrClosed) {
		t.Fatalf("got %v, want ErrClosed", err)
	}
	for _, err := range []error{b.Wait(t.Context()), b.Notify(), b.Unmask(), b.Close()} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("got %v, want ErrClosed", err)
		}
	}
	if err := a.Notify(); err != nil {
		t.Errorf("to nobody: %v", err)
	}
	again, err := BindInterdomain(hypercall.DOMID_SELF, a.Port())
	if err != nil {
		t.Fatalf("a new connection: %v", err)
	}
	again.Close()
}

func TestNoSuchPort(t *testing.T) {
	needGuest(t)
	if c, err := BindInterdomain(hypercall.DOMID_SELF, 4000); err == nil {
		t.Fatalf("bound to a port that is not there: %d", c.Port())
	}
	if c, err := Lent(1 << 20); !errors.Is(err, syscall.EINVAL) {
		t.Fatalf("got %v, %v, want EINVAL", c, err)
	}
}

// A place in the library's list is given back with each channel.
func TestManyTimes(t *testing.T) {
	needGuest(t)
	for range 300 {
		c, err := AllocUnbound(hypercall.DOMID_SELF)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
