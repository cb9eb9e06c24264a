package hypercall

// The commands of hvm_op. Public header hvm/hvm_op.h.
const (
	HVMOP_set_param                = 0  // XenHVMParam
	HVMOP_get_param                = 1  // XenHVMParam
	HVMOP_flush_tlbs               = 5  //
	HVMOP_pagetable_dying          = 9  // XenHVMPagetableDying
	HVMOP_get_time                 = 10 // XenHVMGetTime
	HVMOP_get_mem_type             = 15
	HVMOP_set_evtchn_upcall_vector = 23 // XenHVMEvtchnUpcallVector
)

// XenHVMParam is struct xen_hvm_param: a parameter of a PVH domain.
type XenHVMParam struct {
	DomID DomID
	Pad   uint16
	Index uint32 // HVM_PARAM_*
	Value uint64 // [guest] to set, [tuco] to get
}

// The parameters that Tuco's PVH guests meet. Public header hvm/params.h.
const (
	HVM_PARAM_CALLBACK_IRQ        = 0 // how upcalls come: HVM_PARAM_CALLBACK_TYPE_* in bits 63:56
	HVM_PARAM_STORE_PFN           = 1 // the store's ring
	HVM_PARAM_STORE_EVTCHN        = 2
	HVM_PARAM_TIMER_MODE          = 10
	HVM_PARAM_CONSOLE_PFN         = 17 // the console's ring
	HVM_PARAM_CONSOLE_EVTCHN      = 18
	HVM_PARAM_TRIPLE_FAULT_REASON = 31 // SHUTDOWN_*
	HVM_NR_PARAMS                 = 39
)

// How upcalls come.
const (
	HVM_PARAM_CALLBACK_TYPE_GSI      = 0 // on an interrupt line
	HVM_PARAM_CALLBACK_TYPE_PCI_INTX = 1 // on a PCI function's line
	HVM_PARAM_CALLBACK_TYPE_VECTOR   = 2 // with the vector in bits 7:0
	HVM_PARAM_CALLBACK_IRQ_TYPE_MASK = 0xff00_0000_0000_0000
)

// XenHVMEvtchnUpcallVector is struct xen_hvm_evtchn_upcall_vector: the vector
// of a vCPU's upcalls, through its local APIC.
type XenHVMEvtchnUpcallVector struct {
	VCPU   uint32
	Vector uint8
	_      [3]byte
}

// XenHVMPagetableDying is struct xen_hvm_pagetable_dying: a hint that the guest
// ends a process.
type XenHVMPagetableDying struct {
	DomID DomID
	Pad   [3]uint16
	GPA   uint64
}

// XenHVMGetTime is struct xen_hvm_get_time: the system time.
type XenHVMGetTime struct {
	Now uint64 // [tuco] nanoseconds
}
