package main

import (
	"maps"
	"math"
	"sync/atomic"

	"tuco/control/backend"
	"tuco/hypercall"
	"tuco/ring"
	"tuco/ring/blkif"
)

// diskDriver is the back end of a disk of some sectors, on which is nothing.
type diskDriver struct {
	offer map[string]string // is said before the front end proposes
	says  map[string]string // is said then, in place of the truth

	// answer answers a request.
	answer func(*disk, blkif.Request)
}

// Offer implements backend.Driver.
func (d *diskDriver) Offer() map[string]string { return d.offer }

// Ready implements backend.Driver.
func (d *diskDriver) Ready() hypercall.XenbusState { return hypercall.XenbusStateInitialised }

// Connect implements backend.Driver.
func (d *diskDriver) Connect(p *backend.Peer) (backend.Session, map[string]string, error) {
	s, err := begin(p, []string{blkif.KeyRingRef}, func(s *session) {
		memory := s.rings[0].Bytes()
		(&disk{session: s, memory: memory, ring: ring.MakeBack[blkif.Request, blkif.Response](memory)}).serve(d.answer)
	})
	if err != nil {
		return nil, nil, err
	}
	says := map[string]string{blkif.KeySectors: "64", blkif.KeySectorSize: "512", blkif.KeyInfo: "0", blkif.KeyFlush: "1"}
	maps.Copy(says, d.says)
	return s, says, nil
}

// disk is a connection.
type disk struct {
	*session
	memory []byte
	ring   blkif.Back
}

// serve has requests answered until the connection ends.
func (d *disk) serve(answer func(*disk, blkif.Request)) {
	for d.wait() {
		for {
			var r blkif.Request
			ok, err := d.ring.Take(&r)
			if err != nil {
				return
			}
			if ok {
				answer(d, r)
				continue
			}
			if more, err := d.ring.FinalCheck(); err != nil || !more {
				break
			}
		}
	}
}

// put puts a response, and tells of it.
func (d *disk) put(r blkif.Response) {
	d.ring.Put(&r)
	d.ring.Push()
	d.notify()
}

// produced is where the front end reads how far the responses are.
func (d *disk) produced() *uint32 { return &ring.HeaderOf(d.memory).RspProd }

// ok is the answer to a request that succeeds.
func ok(d *disk, r blkif.Request) { d.put(blkif.Response{ID: r.ID, Op: r.Op}) }

// badDisks are disks whose back end misbehaves.
func badDisks() (all []device) {
	const misbehaves, noNumber = `does what it must not: `, `which is no number up to`
	for _, c := range []struct {
		what   string
		answer func(*disk, blkif.Request)
		want   string
	}{
		{"answers for a request that nobody made", func(d *disk, r blkif.Request) { d.put(blkif.Response{ID: r.ID + 9, Op: r.Op}) }, misbehaves + `a response to request \d+, which is not there`},
		{"answers with an endless number", func(d *disk, r blkif.Request) { d.put(blkif.Response{ID: math.MaxUint64, Op: r.Op}) }, misbehaves + `a response to request 18446744073709551615`},
		{"answers twice", func(d *disk, r blkif.Request) { ok(d, r); atomic.AddUint32(d.produced(), 1); d.notify() }, misbehaves},
		{"answers with another operation", func(d *disk, r blkif.Request) { d.put(blkif.Response{ID: r.ID, Op: r.Op + 1}) }, misbehaves + `a response for operation`},
		{"answers with a status that is none", func(d *disk, r blkif.Request) { d.put(blkif.Response{ID: r.ID, Op: r.Op, Status: 1}) }, misbehaves + `status 1`},
		{"answers with the least status", func(d *disk, r blkif.Request) { d.put(blkif.Response{ID: r.ID, Op: r.Op, Status: math.MinInt16}) }, misbehaves + `status -32768`},
		{"moves the index ahead", func(d *disk, _ blkif.Request) { atomic.StoreUint32(d.produced(), 1000); d.notify() }, misbehaves + `.*index is impossible`},
		{"moves the index back", func(d *disk, _ blkif.Request) { atomic.StoreUint32(d.produced(), math.MaxUint32); d.notify() }, misbehaves + `.*index is impossible`},
		{"moves the index beyond all numbers", func(d *disk, _ blkif.Request) { atomic.StoreUint32(d.produced(), 1<<31); d.notify() }, misbehaves + `.*index is impossible`},
		{"changes the ring while it is read", changing, works + `|` + misbehaves},
		{"fails each request", func(d *disk, r blkif.Request) { d.put(blkif.Response{ID: r.ID, Op: r.Op, Status: blkif.StatusError}) }, `reports an I/O error`},
		{"sends events without end", storm, works},
		{"wants no notification, and then all", func(d *disk, r blkif.Request) {
			atomic.StoreUint32(&ring.HeaderOf(d.memory).ReqEvent, uint32(r.ID)*math.MaxUint32/7)
			ok(d, r)
		}, works},
		{"hangs up at each request, and comes again", func(d *disk, _ blkif.Request) { d.hangUp() }, `the back end closed the device`},
	} {
		all = append(all, device{class: "vbd", what: c.what, driver: &diskDriver{answer: c.answer}, want: c.want})
	}
	all = append(all, device{class: "vbd", what: "never answers", driver: &diskDriver{answer: func(*disk, blkif.Request) {}}, giveUp: true, want: `the device is closed|context deadline exceeded`})
	for _, c := range []struct {
		key    string
		values []string
	}{
		{blkif.KeySectorSize, []string{"0", "1", "513", "8192", "-512", "512 MB", "18446744073709551616"}},
		{blkif.KeySectors, []string{"36028797018963968", "18446744073709551615", "99999999999999999999999", "-1", "many", "\x00"}},
		{blkif.KeyInfo, []string{"4294967296"}},
		{blkif.KeyFlush, []string{"2", "yes"}},
		{blkif.KeyIndirect, []string{"18446744073709551616"}},
	} {
		for _, value := range c.values {
			all = append(all, device{class: "vbd", what: c.key + " is " + value, driver: &diskDriver{says: map[string]string{c.key: value}, answer: ok}, want: c.key + ` says|` + noNumber})
		}
	}
	for _, value := range []string{"18446744073709551616", "-1", "0x1"} {
		what, offer := blkif.KeyMaxRingOrder+" is "+value, map[string]string{blkif.KeyMaxRingOrder: value}
		all = append(all, device{class: "vbd", what: what, driver: &diskDriver{offer: offer, answer: ok}, want: noNumber})
	}
	return append(all,
		device{class: "vbd", what: "sectors of two kinds", driver: &diskDriver{says: map[string]string{blkif.KeySectors: "63", blkif.KeySectorSize: "4096"}, answer: ok}, want: `are not whole sectors`},
		device{class: "vbd", what: "as many sectors as there can be", driver: &diskDriver{says: map[string]string{blkif.KeySectors: "18014398509481983"}, answer: ok}, want: works},
		device{class: "vbd", what: "as many segments as there can be", driver: &diskDriver{says: map[string]string{blkif.KeyIndirect: "4294967295"}, answer: ok}, want: works},
	)
}

// changing answers as it should, and changes the answer all the while. The front end sees one of the two, or neither.
func changing(d *disk, r blkif.Request) {
	const header, slot, times = 64, 112, 200
	at := d.memory[header+slot*(int(atomic.LoadUint32(d.produced()))%32):][:slot]
	ok(d, r)
	for i := range times {
		at[0], at[8], at[10] = byte(r.ID)^byte(i&1)<<7, byte(r.Op)^byte(i&2), byte(i&4)
	}
	at[0], at[8], at[10] = byte(r.ID), byte(r.Op), 0
}

// storm answers as it should, after many events.
func storm(d *disk, r blkif.Request) {
	for range 100 {
		d.notify()
	}
	ok(d, r)
}
