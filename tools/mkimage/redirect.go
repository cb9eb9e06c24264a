package main

import (
	"encoding/binary"
	"os"

	"tuco/tools/rtcheck/reach"
)

const (
	opJMP  = 0xe9 // with a 32-bit displacement
	opINT3 = 0xcc
)

// reachable walks the program with the redirects of a list.
func (img *image) reachable(list, allow string) (*reach.Result, error) {
	f, err := os.Open(list)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	redirects, err := reach.ReadRedirects(f, list)
	if err != nil {
		return nil, err
	}
	linked, err := reach.Open(img.path)
	if err != nil {
		return nil, err
	}
	config := reach.Config{Redirects: redirects}
	if allow != "" {
		config.Allow = []string{allow}
	}
	return reach.Walk(linked, config)
}

// redirect makes the functions of the list jump to their replacements, and
// fills all text that nothing reaches with INT3: most of the Go runtime is
// linked and never runs. So what tools/rtcheck has vouched for is all there is;
// should control ever go astray, it does not wander through a scheduler.
func (img *image) redirect(result *reach.Result) {
	for _, dead := range result.Dead {
		fill(img.text.bytes[dead.Start-img.text.addr : dead.End-img.text.addr])
	}
	for _, p := range result.Patches {
		body := img.text.bytes[p.From.Addr-img.text.addr:][:p.From.Size]
		fill(body)
		body[0] = opJMP
		binary.LittleEndian.PutUint32(body[1:], uint32(p.To.Addr-(p.From.Addr+reach.JumpSize)))
	}
}

func fill(text []byte) {
	for i := range text {
		text[i] = opINT3
	}
}
