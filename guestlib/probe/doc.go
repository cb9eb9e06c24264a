// Package probe finds out what an operation of the hypervisor's takes, in ticks of the time stamp counter and in exits.
//
// The way from Go into a hypercall and back is some thirty instructions, which is much of what a short one takes. So the
// measuring is done in assembler: between the two readings of the counter there is the operation, and as good as nothing else.
// Under an emulator that counts instructions the result is theirs, exactly; otherwise it is time.
//
// The exits are those of the vCPU from its container, which only Tuco counts. They are asked for outside of the readings.
//
// What is read lies in variables of the package: one goroutine measures at a time.
package probe
