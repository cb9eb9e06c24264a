// Package build fills a new paravirtual domain: from a kernel's file to a first vCPU that can run.
//
// # Two steps
//
// Prepare reads the kernel and lays the domain out. It knows no hypervisor, so whatever is wrong with the files or the size
// of the memory is said before there is a domain to undo. Plan.Build then works through a Domain, in an order that the rules for frames
// demand:
//
//  1. ports for store and console, waiting for the control domain;
//  2. memory, all of it: which machine frame each page has stands in the p2m, so no page can come later;
//  3. the content, through a mapping of those pages that are not zero, or are page tables;
//  4. the mapping goes: a frame that somebody may write to can't become a page table;
//  5. the root is pinned, by which the hypervisor validates all tables below it;
//  6. the first vCPU's state.
//
// When a step fails, nothing stays mapped here, and the domain is to be destroyed: ports, frames and pins go with it.
//
// # What the guest finds
//
// Where everything is, and what the kernel's Xen notes change about it, is said in kernel/pvbuild and kernel/pvelf, which do the work. The
// hypervisor builds domain 0 with them too. They are below both programs, and know no more than a file's bytes and frames' numbers:
// a guest starts alike whoever has built it.
package build
