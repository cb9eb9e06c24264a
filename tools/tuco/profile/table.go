package profile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// A Block is code that QEMU translated in one piece. A place of the code may be in several.
type Block struct {
	Address      uint64 // of its first instruction
	Instructions uint64 // how many it has
	Count        uint64 // how often it was begun; where the table has a window, within it
}

// A Window is the time from when the block at one address begins to when one at another does, each time that it comes.
type Window struct{ From, Until uint64 }

// recordSize is what a block takes in the file: plugin.S writes it.
const recordSize = 4 * 8

// tableBlocks is how many blocks a table has room for. Linux' way to a shell takes less than a million. The file is sparse.
const tableBlocks = 8 << 20

// A Table is the file in which the plugin counts.
type Table struct {
	file   *os.File
	blocks int
	window *Window
}

// Create makes the file. With a window only what is within it will be read.
func Create(path string, window *Window) (*Table, error) { return create(path, window, tableBlocks) }

func create(path string, window *Window, blocks int) (*Table, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	t := &Table{file, blocks, window}
	err = file.Truncate(int64(1+blocks) * recordSize)
	if err == nil && window != nil {
		err = binary.Write(file, binary.LittleEndian, window)
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	return t, nil
}

// Arguments is what QEMU's command line needs to count in the table: plugin is the shared object made of plugin.S.
func (t *Table) Arguments(plugin string) []string {
	return []string{"-plugin", plugin + ",table=" + t.file.Name()}
}

// Close removes the file.
func (t *Table) Close() error {
	return errors.Join(t.file.Close(), os.Remove(t.file.Name()))
}

// Read reads the counts as they are now, and how many windows have ended.
func (t *Table) Read() (blocks []Block, windows uint64, err error) {
	in := bufio.NewReaderSize(io.NewSectionReader(t.file, 0, int64(1+t.blocks)*recordSize), 1<<20)
	var record [recordSize]byte
	word := func(n int) uint64 { return binary.LittleEndian.Uint64(record[8*n:]) }
	if _, err := io.ReadFull(in, record[:]); err != nil {
		return nil, 0, err
	}
	windows = word(2)
	open := word(3) != 0
	for {
		if _, err := io.ReadFull(in, record[:]); err == io.EOF {
			return nil, 0, fmt.Errorf("QEMU has translated more than the %d blocks that are counted: profile a shorter run", t.blocks)
		} else if err != nil {
			return nil, 0, err
		}
		b := Block{word(0), word(1), word(2)}
		within := word(3)
		switch {
		case b.Instructions == 0:
			return blocks, windows, nil // not taken yet
		case t.window != nil && open:
			b.Count += within // which has the count at the window's beginning taken off
		case t.window != nil:
			b.Count = within
		}
		blocks = append(blocks, b)
	}
}

// Since is what was counted after an earlier reading of the same table.
func Since(before, now []Block) []Block {
	blocks := make([]Block, len(now))
	for i, b := range now {
		if i < len(before) {
			b.Count -= before[i].Count
		}
		blocks[i] = b
	}
	return blocks
}
