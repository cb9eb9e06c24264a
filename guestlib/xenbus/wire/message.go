package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"tuco/hypercall"
)

// ErrTooLong is the error of a message of more than XENSTORE_PAYLOAD_MAX bytes.
var ErrTooLong = errors.New("a message of the store is too long")

// A Message is a request, its reply, or an event.
type Message struct {
	Type uint32 // XS_*
	Req  uint32 // the request's number, which its reply has too
	Tx   uint32 // the transaction, or 0
	Body []byte
}

const headSize = 16

// Read reads a message. The error is the reader's, or ErrTooLong.
func Read(r io.Reader) (m Message, err error) {
	var head [headSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return m, err
	}
	order := binary.LittleEndian
	m = Message{Type: order.Uint32(head[0:]), Req: order.Uint32(head[4:]), Tx: order.Uint32(head[8:])}
	size := order.Uint32(head[12:])
	if size > hypercall.XENSTORE_PAYLOAD_MAX {
		return m, fmt.Errorf("%w: type %d, %d bytes", ErrTooLong, m.Type, size)
	}
	m.Body = make([]byte, size)
	_, err = io.ReadFull(r, m.Body)
	return m, err
}

// Write writes a message. The error is the writer's, or ErrTooLong, and then nothing was written.
func Write(w io.Writer, m Message) error {
	if len(m.Body) > hypercall.XENSTORE_PAYLOAD_MAX {
		return fmt.Errorf("%w: type %d, %d bytes", ErrTooLong, m.Type, len(m.Body))
	}
	order := binary.LittleEndian
	b := make([]byte, headSize, headSize+len(m.Body))
	order.PutUint32(b[0:], m.Type)
	order.PutUint32(b[4:], m.Req)
	order.PutUint32(b[8:], m.Tx)
	order.PutUint32(b[12:], uint32(len(m.Body)))
	_, err := w.Write(append(b, m.Body...))
	return err
}

// Join makes a body of texts, each ended by a zero.
func Join(texts ...string) []byte {
	var b []byte
	for _, s := range texts {
		b = append(append(b, s...), 0)
	}
	return b
}

// Split is the texts of a body, each ended by a zero, but the last need not be.
func Split(body []byte) []string {
	if len(body) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(body), "\x00"), "\x00")
}
