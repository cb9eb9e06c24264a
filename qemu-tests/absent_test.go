//go:build boot

package qemutests

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/assert"

	"tuco/qemu-tests/shim"
	"tuco/tools/tuco/host"
)

// CPUs that the tables promise and that do not start are left out, wherever they stand between those that do.
func TestAbsentCPU(t *testing.T) {
	t.Parallel()
	s := new(shim.Shim).Point(shim.RSDP, cpuTables(shim.DataAddress, 0, 77, 1, 78, 2))
	outcome := boot(t, host.Spec{CPUs: 3, Image: wrapped(t, s), Append: "crash=bug"})
	assert.Regexp(t, `(?m)^warning: the CPU with APIC id 77 does not start`, outcome.Log)
	assert.Regexp(t, `(?m)^warning: the CPU with APIC id 78 does not start`, outcome.Log)
	assert.Regexp(t, `(?m)^cpus: 3 of 5 running`, outcome.Log)
	assert.Regexp(t, `(?m)^error: crash on cpu 2 .*: provoked`, outcome.Log, "the last CPU works")
	assert.NotContains(t, outcome.Log, "did not stop")
}

// cpuTables makes ACPI tables, to lie at an address, that name CPUs by their APIC IDs and nothing else.
func cpuTables(address uint64, ids ...uint8) []byte {
	le := binary.LittleEndian
	entries := le.AppendUint32(nil, 0xfee00000)
	entries = le.AppendUint32(entries, 1) // there are legacy controllers
	for i, id := range ids {
		entries = append(entries, 0, 8, byte(i), id, 1, 0, 0, 0)
	}
	const rsdpSize, headerSize = 36, 36
	xsdt := table("XSDT", le.AppendUint64(nil, address+rsdpSize+headerSize+8))

	rsdp := []byte("RSD PTR \x00TUCO  \x02")
	rsdp = le.AppendUint32(rsdp, 0)
	rsdp[8] = -sum(rsdp)
	rsdp = le.AppendUint32(rsdp, rsdpSize)
	rsdp = le.AppendUint64(rsdp, address+rsdpSize)
	rsdp = append(rsdp, 0, 0, 0, 0)
	rsdp[32] = -sum(rsdp)
	return bytes.Join([][]byte{rsdp, xsdt, table("APIC", entries)}, nil)
}

// table puts a header before an ACPI table's contents.
func table(signature string, contents []byte) []byte {
	t := binary.LittleEndian.AppendUint32([]byte(signature), uint32(36+len(contents)))
	t = append(t, "\x01\x00TUCO  TEST    \x01\x00\x00\x00TUCO\x01\x00\x00\x00"...)
	t = append(t, contents...)
	t[9] = -sum(t)
	return t
}

func sum(b []byte) (s byte) {
	for _, c := range b {
		s += c
	}
	return s
}
