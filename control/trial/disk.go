package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"

	"tuco/control/pci"
	"tuco/control/virtio/disk"
)

// disk writes a pattern from several goroutines and reads it again.
func (h *host) disk(device *pci.Device) error {
	t, err := h.transport(device)
	if err != nil {
		return err
	}
	d, err := disk.Open(t, &h.memory)
	if err != nil {
		return err
	}
	if err := h.lines.ServeQueues(device, t, d.Interrupted); err != nil {
		return err
	}
	fmt.Printf("trial: disk: %+v\n", d.Info())
	const piece, writers = 96 << 10, 4
	want := make([]byte, min(d.Size(), 8<<20)/(piece*writers)*piece*writers)
	if _, err := io.ReadFull(rand.NewChaCha8([32]byte{7}), want); err != nil {
		return err
	}
	errs := make([]error, writers)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for at := w * piece; at < len(want) && errs[w] == nil; at += writers * piece {
				_, errs[w] = d.WriteAt(want[at:at+piece], int64(at))
			}
		})
	}
	all.Wait()
	got := make([]byte, len(want))
	_, err = d.ReadAt(got, 0)
	if err := errors.Join(append(errs, d.Flush(), err)...); err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return errors.New("what was read is not what was written")
	}
	requests, notifications := d.Stats()
	fmt.Printf("trial: disk: %d bytes written and read, in %d requests with %d notifications\n", len(want), requests, notifications)
	return d.Close()
}
