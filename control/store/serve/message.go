package serve

import (
	"encoding/binary"
	"fmt"
	"slices"

	"tuco/guestlib/xenbus/wire"
	"tuco/hypercall"
)

// receive takes what has come of a request, and returns it when it is whole. Its body is in the connection's buffer.
func (c *conn) receive() (request *wire.Message, moved bool, err error) {
	for {
		need := headSize
		if len(c.in) >= headSize {
			size := binary.LittleEndian.Uint32(c.in[12:])
			if size > hypercall.XENSTORE_PAYLOAD_MAX {
				return nil, moved, fmt.Errorf("%w: of %d bytes", wire.ErrTooLong, size)
			}
			need += int(size)
		}
		have := len(c.in)
		if have >= headSize && have == need {
			m := decode(c.in)
			return &m, moved, nil
		}
		c.in = slices.Grow(c.in, need-have)[:need]
		n, err := c.requests.Take(c.in[have:])
		c.in = c.in[:have+n]
		moved = moved || n > 0
		if n == 0 || err != nil {
			return nil, moved, err
		}
	}
}

func decode(b []byte) wire.Message {
	order := binary.LittleEndian
	return wire.Message{Type: order.Uint32(b[0:]), Req: order.Uint32(b[4:]), Tx: order.Uint32(b[8:]), Body: b[headSize:]}
}

func encode(b []byte, m wire.Message) []byte {
	for _, v := range []uint32{m.Type, m.Req, m.Tx, uint32(len(m.Body))} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return append(b, m.Body...)
}
