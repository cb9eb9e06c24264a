package main

import (
	"context"
	"fmt"
	"log/slog"
	"path"
	"strconv"
	"sync"
	"unsafe"

	"tuco/control/domains"
	"tuco/control/hypervisor"
	"tuco/control/store"
	"tuco/control/store/serve"
	"tuco/guestlib/evtchn"
	"tuco/guestlib/xenbus"
	layout "tuco/ring/xenstore"
)

// stores connects guests to the store.
type stores struct {
	host   *hypervisor.Host
	daemon *serve.Daemon
	own    *xenbus.Store // as domain 0
	log    *slog.Logger

	mu   sync.Mutex
	open map[domains.ID]bool
}

func newStores(h *hypervisor.Host, log *slog.Logger) *stores {
	s := &stores{host: h, daemon: serve.Start(serve.Config{Quota: store.DefaultQuota, Log: log}), log: log, open: map[domains.ID]bool{}}
	s.daemon.Use(func(server *serve.Server) { s.own = xenbus.New(server.Local()) })
	return s
}

// Name is domains.Service's.
func (s *stores) Name() string { return "store" }

// Attach is domains.Service's.
func (s *stores) Attach(i *domains.Instance) error {
	page, err := s.host.Map(i.ID, i.Rings.Store)
	if err != nil {
		return err
	}
	unmap := func() {
		if err := page.Unmap(); err != nil {
			s.log.Error("unmapping a guest's page", "guest", i.Config.Name, "error", err)
		}
	}
	channel, err := evtchn.BindInterdomain(i.ID.Dom, i.Rings.StorePort)
	if err != nil {
		unmap()
		return err
	}
	if err := s.own.Transact(func(tx *xenbus.Tx) error { return describe(tx, i) }); err != nil {
		channel.Close()
		unmap()
		return err
	}
	s.mu.Lock()
	s.open[i.ID] = true
	s.mu.Unlock()
	s.daemon.Use(func(server *serve.Server) {
		server.Introduce(i.ID.Dom, serve.Link{
			Page: (*layout.Page)(unsafe.Pointer(unsafe.SliceData(page.Page(0)))), Events: channel, Close: unmap,
		})
	})
	return nil
}

// Detach is domains.Service's.
func (s *stores) Detach(i *domains.Instance) error {
	s.mu.Lock()
	there := s.open[i.ID]
	s.mu.Unlock()
	if !there { // the number may be another domain's by now
		return nil
	}
	if err := s.own.Remove(store.Home(i.ID.Dom)); err != nil {
		return err
	}
	s.daemon.Use(func(server *serve.Server) { server.Release(i.ID.Dom) })
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, i.ID)
	return nil
}

// Clients is how many guests have a connection.
func (s *stores) Clients() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// Restart has another daemon go on where the one that runs is, in the middle of requests and transactions.
func (s *stores) Restart(context.Context) error { return s.daemon.Restart() }

// Shutdown is domains.Signals'.
func (s *stores) Shutdown(i *domains.Instance, how string) error {
	return s.own.Write(path.Join(store.Home(i.ID.Dom), "control/shutdown"), how)
}

// describe makes a guest's directory, as Xen's toolstack would: it may read all, and write what is below the directories that are its own. Xen's
// docs/misc/xenstore-paths.pandoc.
func describe(tx *xenbus.Tx, i *domains.Instance) error {
	home := store.Home(i.ID.Dom)
	if err := tx.Mkdir(home); err != nil {
		return err
	}
	if err := tx.SetPerms(home, xenbus.Perm{}, xenbus.Perm{Domain: i.ID.Dom, Read: true}); err != nil {
		return err
	}
	kib := strconv.Itoa(i.Config.Memory << 10)
	nodes := [][2]string{
		{"name", i.Config.Name}, {"domid", fmt.Sprint(i.ID.Dom)},
		{"memory/static-max", kib}, {"memory/target", kib},
		{"store/ring-ref", fmt.Sprint(i.Rings.Store)}, {"store/port", fmt.Sprint(i.Rings.StorePort)},
		{"console/type", "xenconsoled"}, {"console/limit", "1048576"},
		{"console/ring-ref", fmt.Sprint(i.Rings.Console)}, {"console/port", fmt.Sprint(i.Rings.ConsolePort)},
	}
	for v := range i.Config.VCPUs {
		nodes = append(nodes, [2]string{fmt.Sprintf("cpu/%d/availability", v), "online"})
	}
	for _, n := range nodes {
		if err := tx.Write(path.Join(home, n[0]), n[1]); err != nil {
			return err
		}
	}
	for _, dir := range []string{
		"control/shutdown", "control/feature-poweroff", "control/feature-reboot", "control/feature-halt", "control/feature-suspend",
		"device", "data", "drivers", "feature", "attr", "error",
	} {
		at := path.Join(home, dir)
		if err := tx.Write(at, ""); err != nil {
			return err
		}
		if err := tx.SetPerms(at, xenbus.Perm{Domain: i.ID.Dom}); err != nil {
			return err
		}
	}
	return nil
}
