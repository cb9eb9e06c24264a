package hypercall

// MulticallEntry is struct multicall_entry: one call of a multicall. Public
// header xen.h.
type MulticallEntry struct {
	Op     Number
	Result uint64 // [tuco] what the call would have left in RAX
	Args   ArgList
}
