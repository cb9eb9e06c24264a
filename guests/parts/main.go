// Command parts is a guest that looks for parts of the machine that a guest.cfg gives: a page of a device's registers (iomem), and ports (ioports). It says what
// it has found of each, and then does nothing until it is destroyed.
package main

import (
	"encoding/binary"
	"fmt"

	"tuco/guestlib/hardware"
)

func main() {
	fmt.Printf("parts: the timer's maker is %s, and the ports say %q\n", maker(), signature())
	select {}
}

// maker is who has made the timer that every PC has. Intel's "IA-PC HPET Specification", "General Capabilities and ID Register".
func maker() string {
	const address, size, vendor = 0xfed00000, 4, 2
	timer, err := hardware.Map(address, size)
	if err != nil {
		return "not to be seen"
	}
	defer timer.Unmap()
	return fmt.Sprintf("%04x", binary.LittleEndian.Uint32(timer.Bytes())>>(8*vendor))
}

// signature is what two ports say of QEMU's: a number is written to the one, and what it stands for is read from the other.
func signature() string {
	const number, data = 0x510, 0x511
	var ports hardware.Ports
	ports.Out(number, 2, 0)
	var s [4]byte
	for k := range s {
		s[k] = byte(ports.In(data, 1))
	}
	return string(s[:])
}
