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
	Count        uint64 // how often it was begun
}

// recordSize is what a block takes in the file: plugin.S writes it.
const recordSize = 3 * 8

// tableBlocks is how many blocks a table has room for. Linux' way to a shell takes less than a million. The file is sparse.
const tableBlocks = 8 << 20

// A Table is the file in which the plugin counts.
type Table struct {
	file   *os.File
	blocks int
}

// Create makes the file.
func Create(path string) (*Table, error) { return create(path, tableBlocks) }

func create(path string, blocks int) (*Table, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := file.Truncate(int64(blocks) * recordSize); err != nil {
		file.Close()
		return nil, err
	}
	return &Table{file, blocks}, nil
}

// Arguments is what QEMU's command line needs to count in the table: plugin is the shared object made of plugin.S.
func (t *Table) Arguments(plugin string) []string {
	return []string{"-plugin", plugin + ",table=" + t.file.Name()}
}

// Close removes the file.
func (t *Table) Close() error {
	return errors.Join(t.file.Close(), os.Remove(t.file.Name()))
}

// Read reads the counts as they are now.
func (t *Table) Read() ([]Block, error) {
	in := bufio.NewReaderSize(io.NewSectionReader(t.file, 0, int64(t.blocks)*recordSize), 1<<20)
	var blocks []Block
	var record [recordSize]byte
	for {
		if _, err := io.ReadFull(in, record[:]); err == io.EOF {
			return nil, fmt.Errorf("QEMU has translated more than the %d blocks that are counted: profile a shorter run", t.blocks)
		} else if err != nil {
			return nil, err
		}
		word := func(n int) uint64 { return binary.LittleEndian.Uint64(record[8*n:]) }
		b := Block{word(0), word(1), word(2)}
		if b.Instructions == 0 {
			return blocks, nil // not taken yet
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
