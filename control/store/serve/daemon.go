package serve

import (
	"encoding/json"
	"fmt"
	"sync"
)

// A Daemon is a server that can be restarted while domains use it.
type Daemon struct {
	config Config
	lock   sync.RWMutex // held for reading by who uses the server
	server *Server
}

// Start starts a daemon with an empty store.
func Start(config Config) *Daemon { return &Daemon{config: config, server: New(config)} }

// Use has something done with the server that there is now. It is not to be kept.
func (d *Daemon) Use(do func(s *Server)) {
	d.lock.RLock()
	defer d.lock.RUnlock()
	do(d.server)
}

// Restart has another server go on where this one is. All that the next one knows of the last has been written down and read again, so what a daemon has got
// wrong outside of its state is gone. If the state can't be read, which is a bug, the store is lost to all domains, and the error says why.
func (d *Daemon) Restart() error {
	d.lock.Lock()
	defer d.lock.Unlock()
	state, links := d.server.Stop()
	text, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("the store's state: %w", err)
	}
	state = State{}
	if err := json.Unmarshal(text, &state); err != nil {
		return fmt.Errorf("the store's state: %w", err)
	}
	next, err := Resume(d.config, state, links)
	if err != nil {
		return err
	}
	d.server = next
	return nil
}

// Stop ends the daemon. Domains that still ask it for something wait for ever.
func (d *Daemon) Stop() { d.Use(func(s *Server) { s.Stop() }) }
