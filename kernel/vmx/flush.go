package vmx

// Kinds of INVEPT and INVVPID.
//
// SDM vol. 3, "INVEPT" and "INVVPID".
const (
	invEPTContext  = 1
	invEPTContexts = 2

	invVPIDPage     = 0
	invVPIDContexts = 2
)

// flushTags drops what this CPU caches of linear mappings under every tag.
func flushTags() {
	var d descriptor
	must(invvpid(invVPIDContexts, &d), "INVVPID")
}

// flushEPT drops what this CPU caches of one set of extended page tables.
func flushEPT(eptp uint64) {
	d := descriptor{id: eptp}
	must(invept(invEPTContext, &d), "INVEPT")
}

// flushEPTs drops what this CPU caches of all of them.
func flushEPTs() {
	var d descriptor
	must(invept(invEPTContexts, &d), "INVEPT")
}

// flushAll drops everything that this CPU caches of guests.
func flushAll(caps *Caps) {
	if caps.Has(FeatureVPID) {
		flushTags()
	}
	if caps.Has(FeatureEPT) {
		flushEPTs()
	}
}
