// Command storebench measures, as domain 0, what requests to the store's daemon cost with the nodes of few domains in it and of many: by
// a client in the same program, over the protocol and a page as any other. It prints a table as guests/bench does.
//
// The word brief on its command line has it do a twentieth of all that, with no garbage collections: whether one falls into so few
// operations is chance.
package main

import (
	"fmt"
	"log/slog"
	"os"
	"path"
	"runtime/debug"
	"slices"
	"strings"

	"tuco/control/store"
	"tuco/control/store/serve"
	"tuco/guestlib/probe"
	"tuco/guestlib/xenbus"
	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

func main() {
	reads, transactions := 10_000, 1_000
	if slices.Contains(os.Args[1:], "brief") {
		const part = 20
		reads, transactions = reads/part, transactions/part
		debug.SetGCPercent(-1)
	}
	var rows []string
	for _, domains := range [...]int{10, 1000} {
		some, err := measure(domains, reads, transactions)
		if err != nil {
			fmt.Println("storebench:", err)
			os.Exit(1)
		}
		rows = append(rows, some...)
	}
	fmt.Println("op\tdiv\tticks(median/op)\texits")
	fmt.Println(strings.Join(rows, "\n"))
	fmt.Println("storebench: done")
}

// measure measures with the nodes of so many domains. The rows' numbers are means: the collector's work belongs to the cost.
func measure(domains, reads, transactions int) (rows []string, err error) {
	server, err := hostOf(domains)
	if err != nil {
		return nil, err
	}
	client := xenbus.New(server.Local())
	defer client.Close()
	const one hypercall.DomID = 7
	vif := store.Home(one) + "/device/vif/0/"
	for _, r := range []struct {
		op string
		n  int
		do func() error
	}{
		{"read", reads, func() error { _, err := client.Read(vif + "state"); return err }},
		{"transaction of three writes", transactions, func() error {
			return client.Transact(func(tx *xenbus.Tx) error {
				for _, node := range [...]string{"ring-ref", "event-channel", "state"} {
					if err := tx.Write(vif+node, "1"); err != nil {
						return err
					}
				}
				return nil
			})
		}},
	} {
		took, err := probe.Work(func() error {
			for range r.n {
				if err := r.do(); err != nil {
					return err
				}
			}
			return nil
		})
		op := fmt.Sprintf("xenstore: %s, nodes of %d domains", r.op, domains)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", op, err)
		}
		rows = append(rows, fmt.Sprintf("%s\t%d\t%.1f\t%.3f", op, r.n, float64(took.Ticks)/float64(r.n), float64(took.Exits)/float64(r.n)))
	}
	return rows, nil
}

// hostOf is a server with the nodes of so many domains.
func hostOf(domains int) (*serve.Server, error) {
	config := serve.Config{Quota: store.DefaultQuota, Log: slog.New(slog.DiscardHandler)}
	s := store.New(config.Quota, nil, config.Log)
	zero := s.Connect(0, nil)
	for d := 1; d <= domains; d++ {
		if err := describe(zero, hypercall.DomID(d)); err != nil {
			return nil, err
		}
	}
	return serve.Resume(config, serve.State{Store: s.Save(nil)}, nil)
}

// describe writes what a toolstack and two devices leave of a domain.
func describe(zero *store.Client, d hypercall.DomID) error {
	home := store.Home(d)
	nodes := []string{"name", "domid", "memory/target", "memory/static-max", "cpu/0/availability", "control/shutdown", "console/ring-ref", "console/port"}
	for i, node := range nodes {
		nodes[i] = path.Join(home, node)
	}
	for _, device := range [...]string{"vif/0", "vbd/51712"} {
		for _, node := range [...]string{"state", "backend", "backend-id", "handle", "ring-ref", "event-channel"} {
			nodes = append(nodes, path.Join(home, "device", device, node), fmt.Sprintf("%s/backend/%s/%d/%s", store.Home(0), device, d, node))
		}
	}
	for _, node := range nodes {
		if answer := zero.Do(wire.Message{Type: hypercall.XS_WRITE, Body: append(wire.Join(node), '1')}); answer.Type != hypercall.XS_WRITE {
			return fmt.Errorf("write %s: %s", node, answer.Body)
		}
	}
	answer := zero.Do(wire.Message{Type: hypercall.XS_SET_PERMS, Body: wire.Join(home, fmt.Sprintf("n%d", d))})
	if answer.Type != hypercall.XS_SET_PERMS {
		return fmt.Errorf("give %s to its domain: %s", home, answer.Body)
	}
	return nil
}
