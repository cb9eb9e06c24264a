package calls

import (
	"tuco/hypercall"
	"tuco/kernel/domain"
)

// swapGrant is an element of GNTTABOP_swap_grant_ref. Its errors are those of
// grant.Table.Swap.
func swapGrant(v *domain.VCPU, op *hypercall.GnttabSwapGrantRef) (again bool) {
	op.Status = v.Domain.Grants.Swap(v.Holder(), op.RefA, op.RefB)
	return false
}
