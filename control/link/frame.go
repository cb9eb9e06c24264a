package link

import (
	"bufio"
	"errors"
	"io"
)

// The bytes that mean something else than themselves.
const (
	end        = 0xc0
	escape     = 0xdb
	escapedEnd = 0xdc
	escapedEsc = 0xdd
)

// Kinds of frame.
const (
	hello  = 'H'
	answer = 'A'
	data   = 'D'
)

// maxContent is the most content of a frame, in bytes. A longer one is not ours.
const maxContent = 4096

// errFrame says that a frame can't be.
var errFrame = errors.New("what comes over the line is no frame")

// encode appends a frame.
func encode(to []byte, kind byte, content []byte) []byte {
	to = append(to, kind)
	for _, c := range content {
		switch c {
		case end:
			to = append(to, escape, escapedEnd)
		case escape:
			to = append(to, escape, escapedEsc)
		default:
			to = append(to, c)
		}
	}
	return append(to, end)
}

// readFrame reads a frame into a buffer, of which content is a part. errFrame: there was none, up to the next end.
func readFrame(r *bufio.Reader, buffer []byte) (kind byte, content []byte, err error) {
	buffer = buffer[:0]
	bad, escaped := false, false
	for {
		c, err := r.ReadByte()
		switch {
		case err == io.EOF:
			return 0, nil, io.ErrUnexpectedEOF
		case err != nil:
			return 0, nil, err
		case c == end:
			if bad || escaped || len(buffer) == 0 {
				return 0, nil, errFrame
			}
			return buffer[0], buffer[1:], nil
		case escaped:
			escaped = false
			bad = bad || len(buffer) == 0 // a kind needs none
			switch c {
			case escapedEnd:
				c = end
			case escapedEsc:
				c = escape
			default:
				bad = true
			}
		case c == escape:
			escaped = true
			continue
		}
		if len(buffer) > maxContent {
			bad = true
		}
		if !bad {
			buffer = append(buffer, c)
		}
	}
}
