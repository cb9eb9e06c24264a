// Package evtchn is event channels that goroutines wait for.
//
// An event channel has an end, a port, in each of two domains, or is an interrupt of the hypervisor's or a vCPU's. It has
// no content: an event says only that there is something to look for, and several may become one. So the two sides share
// memory, or a ring in it, and a side that has changed it calls [Channel.Notify]:
//
//	for {
//		work through what there is
//		if err := c.Wait(ctx); err != nil {
//			return err
//		}
//	}
//
// Waiting goroutines are in the runtime's poller, and cost no thread.
//
// # Why no event is lost
//
// There are three places where an event can be: the port's pending bit, the descriptor's readiness, and the goroutine.
//
//   - The hypervisor sets the pending bit first, and raises an upcall only if the port is not masked. All ports are masked
//     until somebody listens, so an event that came before is pending still.
//   - The upcall's handler clears the pending bit, then masks the port and makes the descriptor ready. From there on events
//     stay in the pending bit: nobody clears it while the port is masked.
//   - Wait takes the readiness. If there is none, it unmasks the port by the hypercall that looks at the pending bit as well,
//     and raises the upcall that was held back. Only then does it go to the poller, which hears of readiness that came
//     first, because it is edge-triggered and each edge is kept until it has been told.
//
// So an event that comes after a Wait has returned is found by the next one, and an event that comes while Wait makes up its
// mind is in one of the three places. What the peer wrote before it notified is visible to who returns from Wait: the
// hypervisor's locked operations on the pending bit, and the handler's, order it.
//
// A peer that notifies all the time costs no more than one upcall for each Wait: that is what masking is for.
package evtchn
