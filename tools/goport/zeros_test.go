package goport

import (
	"bytes"
	"debug/elf"
	"testing"

	"github.com/stretchr/testify/require"
)

const withZeros = `package main

var small [1 << 19]byte
var big [8 << 20]byte

func main() { println(small[len(big)%3], big[len(small)%5]) }
`

// lastAndLater is the image's last segment, and the header of what is left out, or nil.
func lastAndLater(t *testing.T, file []byte) (last, later *elf.Prog) {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(file))
	require.NoError(t, err)
	for _, p := range f.Progs {
		switch p.Type {
		case elf.PT_LOAD:
			last = p
		case zerosLater:
			later = p
		}
	}
	return last, later
}

func TestLargeZerosAreLeftOut(t *testing.T) {
	file := buildOf(t, withZeros, "-T 0x40001000 -buildid=")
	before, later := lastAndLater(t, file)
	require.Nil(t, later)
	f, err := elf.NewFile(bytes.NewReader(file))
	require.NoError(t, err)
	symbols, err := f.Symbols()
	require.NoError(t, err)
	require.NoError(t, Kernel(file))
	after, later := lastAndLater(t, file)
	require.NotNil(t, later)
	require.Equal(t, after.Vaddr+after.Memsz, later.Vaddr)
	require.Zero(t, later.Vaddr%0x1000)
	require.Equal(t, before.Vaddr+before.Memsz, later.Vaddr+later.Memsz)
	for _, s := range symbols {
		if s.Name == "main.big" {
			require.Less(t, later.Vaddr-s.Value, uint64(0x1000), "it begins on the last page of the image")
		} else if s.Value < before.Vaddr+before.Memsz {
			require.LessOrEqual(t, s.Value+s.Size, later.Vaddr, s.Name)
		}
	}
	requireNotes(t, file)
}

func TestSmallZerosStay(t *testing.T) {
	file := build(t, "-T 0x40001000 -buildid=")
	before, _ := lastAndLater(t, file)
	require.NoError(t, Kernel(file))
	after, later := lastAndLater(t, file)
	require.Nil(t, later)
	require.Equal(t, before.Memsz, after.Memsz)
}
