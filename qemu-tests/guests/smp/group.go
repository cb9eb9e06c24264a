// Package smp tests guests with several vCPUs: starting and stopping them, events between them, and page tables that all use.
package smp

import (
	"tuco/hypercall"
	"tuco/qemu-tests/guests/pv"
)

// Group is the tests. The first must find the other vCPUs as the hypervisor made them.
var Group = pv.Group{Name: "smp", Tests: []pv.Test{
	{Name: "before", Run: before},
	{Name: "initialise-refused", Run: initialiseRefused},
	{Name: "vcpu-info-refused", Run: vcpuInfoRefused},
	{Name: "vcpu-info", Run: vcpuInfo},
	{Name: "start", Run: start},
	{Name: "down-up", Run: downUp},
	{Name: "down-itself", Run: downItself},
	{Name: "runstate", Run: runstate},
	{Name: "ipis", Run: ipis},
	{Name: "ping-pong-block", Run: pingPongBlock},
	{Name: "ping-pong-poll", Run: pingPongPoll},
	{Name: "bind-vcpu", Run: bindVCPU},
	{Name: "timers", Run: timers},
	{Name: "timers-of-others", Run: timersOfOthers},
	{Name: "clocks", Run: clocks},
	{Name: "flush", Run: flush},
	{Name: "patch", Run: patch},
	{Name: "roots", Run: roots},
	{Name: "tables-parallel", Run: tablesParallel},
	{Name: "sends-parallel", Run: sendsParallel},
	{Name: "rings-parallel", Run: ringsParallel},
}}

// noVCPU is the number of a vCPU that does not exist.
const noVCPU = 99

// enough skips a test in a domain that has too few vCPUs, else starts them.
func enough(t *pv.T, n uint32) bool {
	if pv.CPUs() < n {
		t.Skip("the domain has too few vCPUs")
		return false
	}
	pv.StartCPUs(pv.CPUs())
	return true
}

func vcpuOp(cmd uint64, id uint32) uint64 { return pv.VCPUOp[byte](cmd, id, nil) }

func isUp(id uint32) uint64 { return vcpuOp(hypercall.VCPUOP_is_up, id) }
