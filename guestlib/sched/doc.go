// Package sched runs the threads of a Go program on the domain's vCPUs.
//
// A thread runs until it waits, or until its slice is over and others are ready. All vCPUs take threads from one queue. One
// lock is over all of that, the scheduler's, and it is held across a switch: the vCPU that leaves a thread takes the lock, and
// the thread that it goes to gives it back. So a thread's stack is nobody's before all of its registers are there, and a
// thread that has ended gives its place away on the way to the next.
//
// A vCPU that finds no thread waits for events where it is: on the stack of the thread that it ran last. Nobody else may run
// that thread then. It is not put into the queue when it is woken: its vCPU is called, and goes on with it without any switch,
// which is the usual way of a thread that sleeps for a while.
//
// Nobody misses a call:
//
//   - Who makes a thread ready does so with the lock held, and calls one of the vCPUs that have said, with the lock held and
//     after they looked into the queue, that they will wait. The call is an event, and the wait for events does not begin while
//     one is pending.
//   - If none waits, there is a timer that ends the slice of who made the thread ready; and whoever takes a thread from the
//     queue and leaves others there sees to it that there is one, or a call.
//
// A thread that waits until some time has that in the list of the vCPU it was on, whose timer, or wait for events, it bounds.
// So one vCPU is woken for a sleep that is over.
//
// vCPUs are started one after the other, when there is a thread that none is free for: a program that has little to do leaves
// them alone. None is started, and the image is not protected either, before the program's start is over, which would be
// delayed.
package sched
