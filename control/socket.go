package main

import (
	"log/slog"

	"tuco/control/backend"
	"tuco/control/backend/here"
	"tuco/control/limit"
	"tuco/control/plug"
	guest "tuco/guestlib/here"
	"tuco/guestlib/xenbus"
	"tuco/hypercall"
)

// self is this domain, which has the back ends.
const self hypercall.DomID = 0

// newSocket is where guests' devices of one kind are plugged in, with a daemon of its own.
func newSocket(own *xenbus.Store, log *slog.Logger) plug.Socket {
	return plug.Socket{
		Directories: plug.Store{Store: own, Self: self},
		Daemon: backend.NewDaemon(backend.Config{
			Store: guest.StoreOf(own), Machine: here.Machine{}, Self: self, Clock: limit.System{}, Log: log,
		}),
	}
}
