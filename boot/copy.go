package boot

import "tuco/kernel/frame"

// copyString copies the NUL-terminated string at a into dst and returns its
// length. It reads no byte behind the NUL: the string may end at the end of
// what can be read. Truncated: the string is longer than dst. Not ok: memory
// ended before the string did; n bytes were copied.
func copyString(dst []byte, mem Memory, a frame.MAddr) (n int, truncated, ok bool) {
	for {
		if a >= addrEnd {
			return n, false, false
		}
		// Page by page, so that one read never needs memory behind the string.
		chunk := frame.PageSize - uint64(a)%frame.PageSize
		b := mem(a, chunk)
		if b == nil {
			return n, false, false
		}
		for _, c := range b {
			switch {
			case c == 0:
				return n, false, true
			case n == len(dst):
				return n, true, true
			}
			dst[n] = c
			n++
		}
		a += frame.MAddr(chunk)
	}
}

// copyText copies the bytes of src up to a NUL or its end.
func copyText(dst, src []byte) (n int, truncated bool) {
	for _, c := range src {
		switch {
		case c == 0:
			return n, false
		case n == len(dst):
			return n, true
		}
		dst[n] = c
		n++
	}
	return n, false
}
