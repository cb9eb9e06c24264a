package reach

import (
	"encoding/binary"
	"strings"
)

// typeName reads the name of the type whose descriptor stands at addr, or gives "".
// Source: the Go source tree, internal/abi/type.go (Type, Name).
func (im *Image) typeName(addr uint64) string {
	const (
		offFlags     = 20
		offName      = 40 // an offset into the section of all types
		flagStar     = 1 << 1
		descriptor   = 48
		maxNameBytes = 200
	)
	o, ok := im.objectAt(addr)
	sec := im.section(addr)
	if !ok || o.name != "type:*" || addr-sec.Start+descriptor > uint64(len(sec.data)) {
		return ""
	}
	desc := sec.data[addr-sec.Start:]
	at := o.Start - sec.Start + uint64(binary.LittleEndian.Uint32(desc[offName:]))
	if at+1 >= uint64(len(sec.data)) {
		return ""
	}
	// A byte of flags, the length as a varint, the name.
	size, n := binary.Uvarint(sec.data[at+1:])
	at += 1 + uint64(max(n, 0))
	if n <= 0 || size > maxNameBytes || at+size > uint64(len(sec.data)) {
		return ""
	}
	name := string(sec.data[at : at+size])
	if desc[offFlags]&flagStar != 0 {
		name = strings.TrimPrefix(name, "*")
	}
	return name
}

// typeArgument names the type that a call of the runtime is about: the descriptor whose
// address was loaded just before.
func (w *walker) typeArgument(fn int, site uint64) string {
	const near = 64 // bytes of code in which arguments are loaded
	name := ""
	for _, r := range w.body(fn).refs {
		if r.from < site && r.from+near > site {
			if s := w.im.typeName(r.to); s != "" {
				name = s
			}
		}
	}
	return name
}
