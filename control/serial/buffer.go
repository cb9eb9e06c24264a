package serial

// buffer is bytes that wait, in a circle.
type buffer struct {
	bytes    [bufferSize]byte
	from, to uint32 // run freely
}

func (b *buffer) len() int  { return int(b.to - b.from) }
func (b *buffer) room() int { return bufferSize - b.len() }

func (b *buffer) put(c byte) {
	b.bytes[b.to%bufferSize] = c
	b.to++
}

func (b *buffer) take() byte {
	c := b.bytes[b.from%bufferSize]
	b.from++
	return c
}
