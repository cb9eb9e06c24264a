package main

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"time"

	"tuco/control/backend"
	"tuco/control/backend/here"
	"tuco/control/blkback"
	"tuco/control/disks"
	"tuco/control/limit"
	"tuco/control/netback"
	"tuco/control/packet"
	"tuco/control/plug"
	"tuco/control/store"
	"tuco/control/vswitch"
	front "tuco/guestlib/here"
	"tuco/ring/netif"
)

// self is this domain.
const self = 0

// device is one whose back end does something that it must not.
type device struct {
	class, what string
	driver      backend.Driver // nil: nobody serves it
	walk        func(*walker)  // what it does to the back end's directory, besides
	giveUp      bool           // the guest is told not to wait for ever
	want        string         // a regular expression for what the guest has to say of it
}

// devices has a guest use hostile devices beside good ones.
func (m *machine) devices() (err error) {
	g, err := m.make("devices")
	if err != nil {
		return err
	}
	_, ignore := m.attend(g)
	own, forget, err := m.introduce(g)
	if err != nil {
		return err
	}
	socket := plug.Socket{
		Daemon: backend.NewDaemon(backend.Config{
			Store: front.StoreOf(own), Machine: here.Machine{}, Self: self, Clock: limit.System{}, Log: m.log,
		}),
		Directories: plug.Store{Store: own, Self: self},
	}
	if err := m.good(&socket, g); err != nil {
		return err
	}
	bad := append(append(badDisks(), badNetworks()...), walkers()...)
	const first = 10 // those before are the good ones
	for i := range bad {
		d := &bad[i]
		p := plug.Device{Device: backend.Device{Class: d.class, Domain: g.ID, ID: uint32(first + i)}}
		nodes := map[string]string{}
		if d.class == "vif" {
			nodes[netif.KeyMAC] = mac(first + i).String()
		}
		if d.giveUp {
			nodes["give-up"] = "1"
		}
		if d.driver != nil {
			err = socket.Plug(&p, d.driver, nodes, nil)
		} else {
			err = socket.Directories.Plug(p.Device, nodes, nil)
		}
		if err != nil {
			return err
		}
		if d.walk != nil {
			go d.walk(&walker{Device: p.Device, store: own})
		}
	}
	storm := make(chan struct{})
	go func() {
		defer close(storm)
		for range 5000 { // with nothing behind them: the guest's console and store go on
			_, _ = g.storeEvents.Notify(), g.consoleEvents.Notify()
		}
	}()
	if err := g.run(); err != nil {
		return err
	}
	<-storm
	var wrong error
	for i := range bad {
		d := &bad[i]
		name := fmt.Sprintf("%s/%d", d.class, first+i)
		said, err := own.Read(store.Home(g.ID) + "/data/" + name)
		if err != nil {
			return err
		}
		fmt.Printf("hostile: %s: %s: %s\n", name, d.what, said)
		if !regexp.MustCompile(d.want).MatchString(said) || said != works && !regexp.MustCompile(`\b`+d.class+`/(1/)?`+fmt.Sprint(first+i)+`\b`).MatchString(said) {
			wrong = errors.Join(wrong, fmt.Errorf("%s: %s: the guest says %q and not %q, or not which device it is", name, d.what, said, d.want))
		}
	}
	said, err := own.Read(store.Home(g.ID) + "/data/good")
	if err == nil && said != works {
		wrong = errors.Join(wrong, errors.New("the good devices: "+said))
	}
	ignore()
	forget()
	return errors.Join(err, wrong, g.destroy())
}

// works is what the guest says of a device that works.
const works = "it works"

// good plugs in what a guest has to go on with: a disk, and two network interfaces of one network.
func (m *machine) good(socket *plug.Socket, g *guest) error {
	disk := &plug.Device{Device: backend.Device{Class: "vbd", Domain: g.ID}}
	const size = 1 << 20
	driver := blkback.New(blkback.Config{Disk: plain{disks.NewRAM(size)}, SectorSize: 512, Clock: limit.System{}, Log: m.log})
	if err := socket.Plug(disk, driver, nil, nil); err != nil {
		return err
	}
	network := vswitch.New(vswitch.Limits{}, time.Now)
	for i := range 2 {
		nic := netback.New()
		port, err := network.Add(vswitch.Options{Name: fmt.Sprintf("wary-%d", i), MAC: mac(i), Addresses: []netip.Addr{netip.AddrFrom4([4]byte{10, 77, 0, byte(i)})}}, nic)
		if err != nil {
			return err
		}
		nic.Join(port)
		d := &plug.Device{Device: backend.Device{Class: "vif", Domain: g.ID, ID: uint32(i)}}
		if err := socket.Plug(d, nic, map[string]string{netif.KeyMAC: mac(i).String()}, nil); err != nil {
			return err
		}
	}
	return nil
}

// mac is a network interface's address.
func mac(n int) packet.MAC { return packet.MAC{0x02, 0, 0, 0, 0, byte(n)} }

// plain is a disk that has no use for being told what is not needed.
type plain struct{ *disks.RAM }

// Discard implements blkback.Disk.
func (plain) Discard(int64, int64) error { return nil }
