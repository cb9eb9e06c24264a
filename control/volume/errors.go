package volume

import (
	"errors"
	"fmt"
	"strings"
)

// What calls fail with, wrapped in a sentence that names the volume.
var (
	ErrName     = errors.New("not a volume's name")
	ErrExists   = errors.New("exists already")
	ErrNotFound = errors.New("there is no such volume")
	ErrBusy     = errors.New("in use")
	ErrReadOnly = errors.New("read-only")
	ErrFull     = errors.New("the disk is full: delete volumes or snapshots, or give the host a larger disk")
	ErrSize     = errors.New("not a volume's size")
	ErrRange    = errors.New("not a range of whole sectors within the volume")
	ErrClosed   = errors.New("closed")
	ErrFailed   = errors.New("the disk failed, and what it holds is uncertain: open the store again")
	ErrNoStore  = errors.New("there is no volume store on this disk: format it")
)

// Damage is something on the disk that can't be what the store wrote.
type Damage struct {
	Volume string // whose map it is; empty: the store's
	Offset int64  // byte of the disk
	Reason string
}

func (d Damage) String() string {
	who := "the store"
	if d.Volume != "" {
		who = "volume " + d.Volume
	}
	return fmt.Sprintf("%s: byte %d of the disk: %s", who, d.Offset, d.Reason)
}

// DamageError says why a store was not opened. Nothing has been changed on the disk.
type DamageError struct {
	Damage []Damage
	// Droppable: all of it belongs to volumes, and DropDamaged would leave the others.
	Droppable bool
}

func (e *DamageError) Error() string {
	lines := make([]string, 0, len(e.Damage)+1)
	for _, d := range e.Damage {
		lines = append(lines, d.String())
	}
	remedy := "open the store read-only to export what can be read; then format the disk"
	if e.Droppable {
		remedy = "open the store read-only to export what can be read; then open it so that damaged volumes are deleted"
	}
	return "the volume store is damaged:\n  " + strings.Join(lines, "\n  ") + "\n" + remedy
}
