// Package domain is the objects that the hypervisor is about: domains, and
// their virtual CPUs.
//
// A VCPU runs in a container, whatever kind of guest it belongs to. What
// differs from kind to kind (what an exit means, which hypercalls there are)
// is in the domain's Kind, so that there is one exit loop for all.
package domain
