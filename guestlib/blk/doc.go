// Package blk is the front end for block devices.
//
// A [Disk] reads and writes at offsets, from any number of goroutines at once. Each call becomes one request, or several for
// a long one, in a ring that is shared with the back end; and the back end is notified once for all the requests that are
// put while it is busy.
//
// # Pages
//
// A request names pages of memory, which the back end may have to map and unmap for each. So the front end has pages that are
// shared once, for as long as the device is connected, and copies through them: a back end that knows of this
// (feature-persistent) keeps them mapped, and for one that doesn't nothing changes. The copy also keeps the back end away
// from the program's memory, of which a page holds more than what is to be written, and from data that was read and
// is being looked at. Free pages are a stack, so that the same few are used while few are needed.
//
// # Long requests
//
// A request has room for 11 pages. Where the back end takes indirect requests, up to 128 pages are listed in a page of
// their own. A ring has more than one page where the back end takes that.
//
// # Units
//
// Offsets and lengths are bytes. Reads may begin and end anywhere. Writes are of whole sectors, because half a sector
// could be written only by reading the other half before, and what others write meanwhile would be lost. In requests and in
// the store a sector is 512 bytes, whatever the device's own are; a device with larger ones takes only requests that
// are made of those.
//
// # Order
//
// Calls that overlap in time are done in any order. A write that has returned may still be in a cache of the back end's;
// Flush makes it durable.
package blk
