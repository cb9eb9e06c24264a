package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMapMemory(t *testing.T) {
	require.NoError(t, mapMemory(2*piece+4096))
}

func TestCheckFindsAWrongWord(t *testing.T) {
	words := make([]uint64, 1024)
	for i := range words {
		words[i] = pattern(piece, i)
	}
	require.NoError(t, check(words, piece))
	words[512], words[513] = words[513], words[512]
	require.ErrorContains(t, check(words, piece), "at 0x1000")
	require.Error(t, check(words, 0))
}
