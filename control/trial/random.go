package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"tuco/control/pci"
	"tuco/control/virtio/entropy"
)

// random takes numbers, which are not twice the same.
func (h *host) random(device *pci.Device) error {
	t, err := h.transport(device)
	if err != nil {
		return err
	}
	s, err := entropy.Open(t, &h.memory)
	if err != nil {
		return err
	}
	if err := h.lines.ServeQueues(device, t, s.Interrupted); err != nil {
		return err
	}
	var numbers [2][32]byte
	for i := range numbers {
		if _, err := io.ReadFull(s, numbers[i][:]); err != nil {
			return err
		}
	}
	if bytes.Equal(numbers[0][:], numbers[1][:]) {
		return errors.New("the same random numbers twice")
	}
	fmt.Println("trial: random numbers came")
	return s.Close()
}
