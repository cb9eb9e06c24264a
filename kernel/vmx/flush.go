package vmx

// Kinds of INVEPT and INVVPID.
//
// SDM vol. 3, "INVEPT" and "INVVPID".
const (
	invEPTContext  = 1
	invEPTContexts = 2

	invVPIDContext  = 1
	invVPIDContexts = 2
)

// flushTags drops what this CPU caches of linear mappings under every tag.
func flushTags(caps *Caps) {
	if caps.Has(FeatureVPID) {
		var d descriptor
		must(invvpid(invVPIDContexts, &d), "INVVPID")
	}
}

// flushEPT drops what this CPU caches of one set of extended page tables.
func flushEPT(eptp uint64) {
	d := descriptor{id: eptp}
	must(invept(invEPTContext, &d), "INVEPT")
}

// flushAll drops everything that this CPU caches of guests.
func flushAll(caps *Caps) {
	flushTags(caps)
	if caps.Has(FeatureEPT) {
		var d descriptor
		must(invept(invEPTContexts, &d), "INVEPT")
	}
}
