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

// redirect makes the functions of the list jump to their replacements, and
// fills all text that nothing reaches with INT3: most of the Go runtime is
// linked and never runs. So what tools/rtcheck has vouched for is all there is;
// should control ever go astray, it does not wander through a scheduler.
func (img *image) redirect(list, allow string) error {
	f, err := os.Open(list)
	if err != nil {
		return err
	}
	defer f.Close()
	redirects, err := reach.ReadRedirects(f, list)
	if err != nil {
		return err
	}
	linked, err := reach.Open(img.path)
	if err != nil {
		return err
	}
	config := reach.Config{Redirects: redirects}
	if allow != "" {
		config.Allow = []string{allow}
	}
	result, err := reach.Walk(linked, config)
	if err != nil {
		return err
	}
	for _, dead := range result.Dead {
		fill(img.text.bytes[dead.Start-img.text.addr : dead.End-img.text.addr])
	}
	for _, p := range result.Patches {
		body := img.text.bytes[p.From.Addr-img.text.addr:][:p.From.Size]
		fill(body)
		body[0] = opJMP
		binary.LittleEndian.PutUint32(body[1:], uint32(p.To.Addr-(p.From.Addr+reach.JumpSize)))
	}
	return nil
}

func fill(text []byte) {
	for i := range text {
		text[i] = opINT3
	}
}
