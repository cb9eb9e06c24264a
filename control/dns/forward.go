package dns

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Dial connects to a server, by "udp" or "tcp", from a port that nobody can guess.
type Dial func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error)

const (
	idLen      = 2    // a message begins with its number
	longestUDP = 4096 // that anybody sends by UDP
)

// ask passes a question on to a server, and returns its answer with the number that the question had.
func ask(ctx context.Context, dial Dial, network string, server netip.AddrPort, question []byte, q dnsmessage.Question) ([]byte, error) {
	conn, err := dial(ctx, network, server)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	mine := append([]byte{}, question...)
	binary.BigEndian.PutUint16(mine, uint16(rand.Uint32()))
	if network == "tcp" {
		if err := writeMessage(conn, mine); err != nil {
			return nil, err
		}
		answer, err := readMessage(conn)
		if err != nil {
			return nil, err
		}
		return accept(answer, mine, question, q)
	}
	if _, err := conn.Write(mine); err != nil {
		return nil, err
	}
	room := make([]byte, longestUDP)
	for {
		n, err := conn.Read(room)
		if err != nil {
			return nil, err
		}
		if answer, err := accept(room[:n], mine, question, q); err == nil {
			return answer, nil
		} // else it is somebody else's, or a try to deceive
	}
}

var errOther = errors.New("an answer to something else")

// accept checks that an answer is one to a question of ours, and gives it the number of the guest's.
func accept(answer, mine, question []byte, q dnsmessage.Question) ([]byte, error) {
	var p dnsmessage.Parser
	h, err := p.Start(answer)
	if err != nil || !h.Response || h.ID != binary.BigEndian.Uint16(mine) {
		return nil, errOther
	}
	if asked, err := p.Question(); err != nil || asked != q {
		return nil, errOther
	}
	copy(answer[:idLen], question)
	return answer, nil
}

// readMessage reads a message from a connection, where its length stands before it.
func readMessage(r io.Reader) ([]byte, error) {
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(r, message)
	return message, err
}

func writeMessage(w io.Writer, message []byte) error {
	if len(message) > 0xffff {
		return fmt.Errorf("a message of %d bytes is too long for DNS", len(message))
	}
	_, err := w.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...))
	return err
}
