package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
)

// exchange sends bytes to a peer that sends back what it gets, and compares.
func exchange(peer string, size int64) error {
	var conn net.Conn
	err := await("connecting to "+peer, func() (err error) {
		conn, err = net.Dial("tcp", peer)
		return err
	})
	if err != nil {
		return err
	}
	defer conn.Close()
	sent := make(chan error, 1)
	go func() {
		_, err := io.CopyN(conn, stream(), size)
		sent <- err
	}()
	if err := receive(conn, size); err != nil {
		return fmt.Errorf("receiving: %w", err)
	}
	if err := <-sent; err != nil { // though all of it came back
		return fmt.Errorf("sending: %w", err)
	}
	return nil
}

// stream is what is sent: everybody can make it.
func stream() *rand.ChaCha8 { return rand.NewChaCha8([32]byte{'n', 'e', 't'}) }

// receive takes as much as was sent. That it is all that comes, nobody can say before the connection ends, which the peer may only end when we have done so: what it has not
// sent by then would be lost.
func receive(conn io.Reader, size int64) error {
	want, wanted, got := stream(), make([]byte, 64<<10), make([]byte, 64<<10)
	for done := int64(0); done < size; {
		n, err := conn.Read(got)
		want.Read(wanted[:n])
		if !bytes.Equal(wanted[:n], got[:n]) {
			return fmt.Errorf("something else than was sent, between bytes %d and %d", done, done+int64(n))
		}
		done += int64(n)
		if err != nil && done < size {
			return fmt.Errorf("%w, after %d bytes of %d", err, done, size)
		}
	}
	return nil
}
