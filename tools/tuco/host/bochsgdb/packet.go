package bochsgdb

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// An interrupt is what gdb sends in place of a packet when the user presses the interrupt key.
const interrupt = "\x03"

// readPacket reads the next packet's text, and acknowledges it; or an [interrupt].
func readPacket(r *bufio.Reader, w io.Writer) (string, error) {
	for {
		c, err := r.ReadByte()
		if err != nil {
			return "", err
		}
		switch c {
		case interrupt[0]:
			return interrupt, nil
		case '$':
		default:
			continue // acknowledgements of ours, on a connection that loses nothing
		}
		text, err := r.ReadString('#')
		if err != nil {
			return "", err
		}
		text = text[:len(text)-1]
		var digits [2]byte
		if _, err := io.ReadFull(r, digits[:]); err != nil {
			return "", err
		}
		sum, err := strconv.ParseUint(string(digits[:]), 16, 8)
		if err != nil || byte(sum) != checksum(text) {
			if _, err := io.WriteString(w, "-"); err != nil {
				return "", err
			}
			continue
		}
		_, err = io.WriteString(w, "+")
		return text, err
	}
}

func writePacket(w io.Writer, text string) error {
	_, err := fmt.Fprintf(w, "$%s#%02x", text, checksum(text))
	return err
}

func checksum(text string) (sum byte) {
	for i := range len(text) {
		sum += text[i]
	}
	return sum
}

var errSyntax = errors.New("malformed packet")

// parseHex reads a number as the protocol writes it.
func parseHex(text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 16, 64)
	if err != nil {
		return 0, errSyntax
	}
	return n, nil
}
