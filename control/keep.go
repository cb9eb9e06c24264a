package main

import (
	"bytes"
	"errors"
	"log/slog"
	"slices"

	"tuco/control/config"
	"tuco/control/domains"
	"tuco/control/images"
	"tuco/control/record"
	"tuco/control/volume"
)

// The control domain's own volumes, besides images.
const (
	guestsRecord  = images.Prefix + "record"
	networkRecord = images.Prefix + "network"
)

// forgetWord on the command line has the control domain forget the guests and network rules that are on record.
const forgetWord = "forget"

// keeping is what outlives the control domain: on the host's disk, or in memory where it has none.
type keeping struct {
	durable bool
	ramdisk files
	at      map[string]string // where images are in our ramdisk, if they came from there
	images  *images.Store
	guests  domains.Store
	network domains.Store
}

// keep opens what is kept.
func keep(volumes *volume.Store, durable bool, ramdisk files, words []string, log *slog.Logger) (*keeping, error) {
	k := &keeping{
		durable: durable, ramdisk: ramdisk, at: map[string]string{}, images: &images.Store{Volumes: volumes, Room: func() int64 { return volumes.Space().Free }},
		guests: &memory{}, network: &memory{},
	}
	if !durable {
		return k, nil
	}
	for name, to := range map[string]*domains.Store{guestsRecord: &k.guests, networkRecord: &k.network} {
		if slices.Contains(words, forgetWord) {
			if err := volumes.Delete(name); err != nil && !errors.Is(err, volume.ErrNotFound) {
				return nil, err
			}
			log.Info("what was on record is forgotten", "volume", name)
		}
		r, err := record.Open(volumes, name)
		if err != nil {
			return nil, err
		}
		*to = r
	}
	return k, nil
}

// memory keeps a document for as long as the program runs.
type memory struct{ document []byte }

// Load is domains.Store's.
func (m *memory) Load() ([]byte, error) { return m.document, nil }

// Save is domains.Store's.
func (m *memory) Save(document []byte) error {
	m.document = document
	return nil
}

// Open is domains.Images': kernels and ramdisks of guests are in our own ramdisk, where they need no memory, or on volumes.
func (k *keeping) Open(name string) (domains.Image, error) {
	if at, is := k.at[name]; is {
		return k.ramdisk.Open(at)
	}
	if images.Is(name) {
		return k.images.Open(name)
	}
	return k.ramdisk.Open(name)
}

// adopt has a guest that our ramdisk describes name images that are kept, so that it can be built when there is another ramdisk. They are held for as long as we run: the
// guest may go, and be made again.
func (k *keeping) adopt(g *config.Guest) error {
	for _, name := range []*string{&g.Kernel, &g.Ramdisk} {
		if *name == "" || !k.durable {
			continue
		}
		content, err := k.ramdisk.read(*name)
		if err != nil {
			return err
		}
		image, _, err := k.images.Add(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			return err
		}
		k.at[image], *name = *name, image
	}
	return nil
}
