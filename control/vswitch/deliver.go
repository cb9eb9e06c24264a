package vswitch

import "tuco/control/packet"

// deliver hands frames to their ports, all of a port's at once.
func (b *batch) deliver(frames []packet.Frame) {
	for first := range b.out {
		to := b.out[first].to
		if to == nil {
			continue
		}
		for k := first; k < len(b.out); k++ {
			if d := &b.out[k]; d.to == to {
				d.to = nil
				b.finish(to, &frames[d.frame], &b.infos[d.frame])
			}
		}
		b.flush(to)
	}
}

// finish does to a frame what its port can't bear to have undone, and has it delivered with the next flush. A sum that is
// filled in is right for all others that the frame goes to as well.
func (b *batch) finish(to *Port, f *packet.Frame, info *packet.Info) {
	switch {
	case info.Fits(f, packet.Takes(to.takes.Load())):
	case f.Segments == packet.Whole:
		info.Fill(f)
	default:
		b.cut(to, f, info)
		return
	}
	b.frames = append(b.frames, *f)
}

// cut has a frame's segments delivered.
func (b *batch) cut(to *Port, f *packet.Frame, info *packet.Info) {
	const size = 1 << 17 // what a long frame becomes, and some more
	if b.room == nil {
		b.room = make([]byte, size)
	}
	b.flush(to) // those before it use the room perhaps
	used := 0
	for cutter := info.Cut(f); cutter.Length() > 0; {
		if used+cutter.Length() > len(b.room) {
			b.flush(to)
			used = 0
		}
		segment := cutter.Next(b.room[used:])
		used += len(segment.Data)
		b.frames = append(b.frames, segment)
	}
	b.flush(to)
}

// flush delivers what is there.
func (b *batch) flush(to *Port) {
	if len(b.frames) == 0 {
		return
	}
	if t := to.tap.Load(); t != nil {
		(*t).Frames(Received, b.frames)
	}
	to.sink.Deliver(b.frames)
	clear(b.frames)
	b.frames = b.frames[:0]
}
