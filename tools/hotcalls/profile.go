package main

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
)

// profile is a CPU profile as pprof has it: a protocol buffer, compressed. Of what the
// format has, it holds what the compiler reads: for each hot call a sample whose stack is the
// callee and, at the line of the call, the caller.
//
// Lines are counted from each function's first, which is said to be far down: so the
// profile, and with it the build of all packages, changes with the functions that make
// calls, and not with whatever stands above them in their files; but for chains from one
// file to another, whose lines are compared.
type profile struct {
	samples, locations, functions, table bytes.Buffer
	calls                                int
	strings                              map[string]uint64
	functionIDs                          map[string]uint64
	lastLocation                         uint64
}

// Fields of the messages: profile.proto of github.com/google/pprof.
const (
	profileSampleType, profileSample, profileLocation, profileFunction, profileStrings = 1, 2, 4, 5, 6
	profilePeriodType, profilePeriod                                                   = 11, 12
	valueType, valueUnit                                                               = 1, 2
	sampleLocations, sampleValues                                                      = 1, 2
	locationID, locationAddress, locationLine                                          = 1, 3, 4
	lineFunction, lineNumber                                                           = 1, 2
	functionID, functionName, functionSystemName, functionFile, functionStart          = 1, 2, 3, 4, 5
)

// firstLine is more than any file has lines.
const firstLine = 1 << 20

// The compiler takes the heaviest calls of a profile for hot, up to 99 % of all its weight.
// So all of ours weigh the same, and calls of nothing, which weigh less, are the rest.
const (
	weight   = 100
	noWeight = 99
	noShare  = 50 // one for so many of ours
)

// add notes a call that stands so many lines below the caller's first.
func (p *profile) add(caller, callee string, line int) {
	if p.calls%noShare == 0 {
		p.sample("hotcalls.none", "hotcalls.nothing", p.calls/noShare, noWeight)
	}
	p.calls++
	p.sample(caller, callee, line, weight)
}

func (p *profile) sample(caller, callee string, line int, weight uint64) {
	from := p.location(caller, uint64(firstLine+line))
	to := p.location(callee, firstLine)
	var s, stack, values bytes.Buffer
	number(&stack, to)
	number(&stack, from)
	number(&values, weight)
	number(&values, weight)
	field(&s, sampleLocations, stack.Bytes())
	field(&s, sampleValues, values.Bytes())
	field(&p.samples, profileSample, s.Bytes())
}

func (p *profile) location(name string, line uint64) uint64 {
	p.lastLocation++
	var l, b bytes.Buffer
	uintField(&l, lineFunction, p.function(name))
	uintField(&l, lineNumber, line)
	uintField(&b, locationID, p.lastLocation)
	uintField(&b, locationAddress, p.lastLocation) // of its own, or it counts as another
	field(&b, locationLine, l.Bytes())
	field(&p.locations, profileLocation, b.Bytes())
	return p.lastLocation
}

func (p *profile) function(name string) uint64 {
	if id, ok := p.functionIDs[name]; ok {
		return id
	}
	if p.functionIDs == nil {
		p.functionIDs = map[string]uint64{}
	}
	id := uint64(len(p.functionIDs)) + 1
	p.functionIDs[name] = id
	var b bytes.Buffer
	uintField(&b, functionID, id)
	uintField(&b, functionName, p.text(name))
	uintField(&b, functionSystemName, p.text(name))
	uintField(&b, functionFile, p.text("kernel"))
	uintField(&b, functionStart, firstLine)
	field(&p.functions, profileFunction, b.Bytes())
	return id
}

// text is the number of a string; that of "" is 0.
func (p *profile) text(s string) uint64 {
	if p.strings == nil {
		p.strings = map[string]uint64{"": 0}
		field(&p.table, profileStrings, nil)
	}
	n, ok := p.strings[s]
	if !ok {
		n = uint64(len(p.strings))
		p.strings[s] = n
		field(&p.table, profileStrings, []byte(s))
	}
	return n
}

// bytes is the profile's file.
func (p *profile) bytes() ([]byte, error) {
	var b bytes.Buffer
	p.value(&b, profileSampleType, "samples", "count")
	p.value(&b, profileSampleType, "cpu", "nanoseconds")
	b.Write(p.samples.Bytes())
	b.Write(p.locations.Bytes())
	b.Write(p.functions.Bytes())
	p.value(&b, profilePeriodType, "cpu", "nanoseconds")
	uintField(&b, profilePeriod, 1)
	b.Write(p.table.Bytes())
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(b.Bytes()); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

func (p *profile) value(b *bytes.Buffer, in int, kind, unit string) {
	var v bytes.Buffer
	uintField(&v, valueType, p.text(kind))
	uintField(&v, valueUnit, p.text(unit))
	field(b, in, v.Bytes())
}

// How a protocol buffer is written: a key of field and kind, then a number, or a length
// and so many bytes.
const (
	kindNumber = 0
	kindBytes  = 2
)

func number(b *bytes.Buffer, n uint64) { b.Write(binary.AppendUvarint(nil, n)) }

func uintField(b *bytes.Buffer, key int, n uint64) {
	number(b, uint64(key)<<3|kindNumber)
	number(b, n)
}

func field(b *bytes.Buffer, key int, content []byte) {
	number(b, uint64(key)<<3|kindBytes)
	number(b, uint64(len(content)))
	b.Write(content)
}
