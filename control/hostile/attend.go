package main

import (
	"context"
	"errors"

	"tuco/control/console"
	"tuco/control/limit"
	"tuco/control/store"
	"tuco/control/store/serve"
	"tuco/guestlib/xenbus"
)

// attend serves a guest's console as it should be, until it is told to stop.
func (m *machine) attend(g *guest) (written *text, stop func()) {
	written = new(text)
	c := console.New(console.Config{Name: "wary", History: 1 << 10, Input: 1 << 10, Log: written, Clock: limit.System{}, Journal: m.log})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = c.Connect(ctx, g.console, g.consoleEvents) // until it is cancelled
	}()
	return written, func() { cancel(); <-done }
}

// introduce serves a guest's store as it should be. The guest may write below data.
func (m *machine) introduce(g *guest) (own *xenbus.Store, stop func(), err error) {
	quota := store.DefaultQuota
	quota.Nodes *= 4 // it has many devices
	server := serve.New(serve.Config{Quota: quota, Log: m.log})
	own = xenbus.New(server.Local())
	home := store.Home(g.ID)
	err = errors.Join(
		own.Mkdir(home), own.SetPerms(home, xenbus.Perm{}, xenbus.Perm{Domain: g.ID, Read: true}),
		own.Mkdir(home+"/data"), own.SetPerms(home+"/data", xenbus.Perm{Domain: g.ID}),
	)
	server.Introduce(g.ID, serve.Link{Page: g.store, Events: g.storeEvents})
	return own, func() { own.Close(); server.Release(g.ID) }, err
}
