package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
)

// swapGrants is GNTTABOP_swap_grant_ref for some elements. The errors are those of
// grant.Table.Swap.
func swapGrants(v *domain.VCPU, list []hypercall.GnttabSwapGrantRef) int {
	for i := range list {
		op := &list[i]
		op.Status = v.Domain.Grants.Swap(v.Holder(), op.RefA, op.RefB)
	}
	return len(list)
}
