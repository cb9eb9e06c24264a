package sched

import (
	"tuco/guestlib/clock"
	"tuco/guestlib/console"
	"tuco/guestlib/cpu"
	"tuco/guestlib/hypercalls"
	"tuco/guestlib/mm"
	"tuco/guestlib/upcall"
)

// hardware is the layer that there is.
type hardware struct{}

func (hardware) this() uint32                      { return cpu.This().ID }
func (hardware) now() uint64                       { return clock.Now() }
func (hardware) stack(n int) (top uint64, ok bool) { return mm.Stack(n) }
func (hardware) switchTo(from, to *Thread)         { cpu.Switch(&from.Context, &to.Context) }
func (hardware) wait(until uint64)                 { upcall.Wait(until) }
func (hardware) take()                             { upcall.Scan() }
func (hardware) call(vcpu uint32)                  { upcall.Notify(vcpu) }
func (hardware) setTimer(at uint64)                { hypercalls.SetTimer(at) }
func (hardware) putOff()                           { mm.ProtectImage() }

func (hardware) start(vcpu uint32, t *Thread) {
	mm.Share()
	equip(vcpu)
	if err := cpu.Start(vcpu, &t.Context); err != 0 {
		var l console.Line
		l.Str("guest: vCPU ").Dec(uint64(vcpu)).Str(" can't be started: error ").Dec(uint64(err)).End()
		console.Fatal("the hypervisor refused a vCPU")
	}
}

func equip(vcpu uint32) {
	if upcall.Equip(vcpu) != 0 {
		console.Fatal("the hypervisor refused a vCPU's event ports")
	}
}
