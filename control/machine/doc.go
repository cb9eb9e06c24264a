// Package machine joins the control domain's drivers to the machine: its pages are what devices reach, its ports and mappings what they are reached
// by, and its interrupt lines call them.
//
// A domain's pages have machine frames, and a device knows memory by those; there is no IOMMU between. A page that is given to a device is one of its own outside
// of Go's heap, and doesn't change its frame as long as the domain isn't suspended, which one with devices is not.
package machine
