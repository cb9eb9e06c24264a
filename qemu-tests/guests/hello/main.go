// Command hello is the smallest test guest: it says what it finds and powers off.
package main

import (
	"tuco/hypercall"
	"tuco/kernel/text"
	"tuco/qemu-tests/guests/pv"
)

func main() {
	var extra hypercall.XenExtraversion
	version := pv.XenVersion[byte](hypercall.XENVER_version, nil)
	pv.XenVersion(hypercall.XENVER_extraversion, &extra)
	var l text.Line
	pv.PrintLine(l.Template("hello: from a guest on version %d.%d", version>>16, version&0xffff).Raw(pv.Terminated(extra[:])))
	info := pv.StartInfo
	pv.Print("hello: %d pages, flags %x, command line of %d bytes", info.NrPages, uint64(info.Flags), uint64(len(pv.CommandLine())))
	pv.Main(&group)
}

var group = pv.Group{Name: "hello", Tests: []pv.Test{
	{Name: "world", Run: world},
}}

func world(t *pv.T) {
	magic := pv.Terminated(pv.StartInfo.Magic[:])
	t.Check(text.HasPrefix(magic, "xen-3.0-x86_64"), "start_info has another magic")
	t.Check(pv.StartInfo.NrPages >= 512, "only %d pages of memory", pv.StartInfo.NrPages)
}
