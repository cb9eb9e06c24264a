package hypercall

// The commands of callback_op. Public header callback.h.
const (
	CALLBACKOP_register   = 0 // CallbackRegister
	CALLBACKOP_unregister = 1 // CallbackUnregister
)

// What a callback is for.
const (
	CALLBACKTYPE_event               = 0 // an event upcall
	CALLBACKTYPE_failsafe            = 1 // the guest's state can't be restored
	CALLBACKTYPE_syscall             = 2 // SYSCALL by 64-bit user code
	CALLBACKTYPE_sysenter_deprecated = 3 // 32-bit guests
	CALLBACKTYPE_nmi                 = 4 // an NMI
	CALLBACKTYPE_sysenter            = 5 // SYSENTER
	CALLBACKTYPE_syscall32           = 7 // SYSCALL by 32-bit user code
)

// CALLBACKF_mask_events: the callback starts with events masked. Those for
// events and NMIs always do.
const CALLBACKF_mask_events = 1 << 0

// CallbackRegister is struct callback_register.
type CallbackRegister struct {
	Type    uint16 // CALLBACKTYPE_*
	Flags   uint16 // CALLBACKF_*
	_       uint32
	Address uint64
}

// CallbackUnregister is struct callback_unregister.
type CallbackUnregister struct {
	Type uint16 // CALLBACKTYPE_*
	_    uint16
}
