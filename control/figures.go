package main

import (
	"fmt"

	"tuco/control/hypervisor"
	"tuco/control/store/serve"
)

// figures is what a host has in use. When a guest is gone they are as before it.
type figures struct {
	host  *hypervisor.Host
	store *serve.Daemon
}

// text is all of them in a line.
func (f figures) text() (string, error) {
	u, err := f.host.Use()
	if err != nil {
		return "", err
	}
	nodes, watches, transactions := 0, 0, 0
	f.store.Use(func(s *serve.Server) {
		for _, d := range s.Figures() {
			nodes, watches, transactions = nodes+d.Nodes, watches+d.Watches, transactions+d.Transactions
		}
	})
	return fmt.Sprintf("%d of %d pages free, %d domains, %d ports, %d pages granted and mapped, %d pages shared with the hypervisor; in the store %d nodes, %d watches, %d transactions",
		u.Free, u.Pages, u.Domains, u.Ports, u.Mapped, u.Shared, nodes, watches, transactions), nil
}
