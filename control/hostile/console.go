package main

import (
	"fmt"
	"math"
	"sync/atomic"

	"tuco/control/store"
)

// consoles has guests write on consoles whose daemon moves indices to where they can't be. What they write goes elsewhere then, and they go on.
func (m *machine) consoles() error {
	for _, bad := range []struct {
		what string
		do   func(*guest)
	}{
		{"takes what was not written", func(g *guest) { atomic.AddUint32(&g.console.OutCons, 100_000) }},
		{"takes the last index back", func(g *guest) { atomic.AddUint32(&g.console.OutCons, math.MaxUint32) }},
		{"types more than there is room for", func(g *guest) { atomic.AddUint32(&g.console.InProd, 1025) }},
	} {
		g, err := m.make("console")
		if err != nil {
			return err
		}
		own, forget, err := m.introduce(g)
		if err != nil {
			return err
		}
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			for moved := false; ; { // it takes what comes, as long as it takes for the guest to write
				select {
				case <-stop:
					return
				default:
				}
				if prod := atomic.LoadUint32(&g.console.OutProd); prod != 0 && !moved {
					atomic.StoreUint32(&g.console.OutCons, prod)
					bad.do(g)
					moved = true
				}
				_ = g.consoleEvents.Notify()
			}
		}()
		err = g.run()
		close(stop)
		<-done
		if err != nil {
			return fmt.Errorf("%s: %w", bad.what, err)
		}
		said, err := own.Read(store.Home(g.ID) + "/data/console")
		if err != nil || said != works {
			return fmt.Errorf("%s: the guest has not come so far as to say that it goes on: %q: %w", bad.what, said, err)
		}
		forget()
		if err := g.destroy(); err != nil {
			return err
		}
		fmt.Printf("hostile: the console %s: the guest goes on\n", bad.what)
	}
	return nil
}
