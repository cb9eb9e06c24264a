package hypercall

// XsdSockmsg is struct xsd_sockmsg: the head of a message to the store or from
// it. Len bytes follow.
type XsdSockmsg struct {
	Type  uint32 // XS_*
	ReqID uint32 // [guest] chooses it, the reply has it too
	TxID  uint32 // the transaction, or 0
	Len   uint32
}

// The types of messages.
const (
	XS_CONTROL              = 0
	XS_DIRECTORY            = 1
	XS_READ                 = 2
	XS_GET_PERMS            = 3
	XS_WATCH                = 4
	XS_UNWATCH              = 5
	XS_TRANSACTION_START    = 6
	XS_TRANSACTION_END      = 7
	XS_INTRODUCE            = 8
	XS_RELEASE              = 9
	XS_GET_DOMAIN_PATH      = 10
	XS_WRITE                = 11
	XS_MKDIR                = 12
	XS_RM                   = 13
	XS_SET_PERMS            = 14
	XS_WATCH_EVENT          = 15
	XS_ERROR                = 16
	XS_IS_DOMAIN_INTRODUCED = 17
	XS_RESUME               = 18
	XS_SET_TARGET           = 19
	XS_RESET_WATCHES        = 21
	XS_DIRECTORY_PART       = 22
	XS_INVALID              = 0xffff
)

// Limits: in bytes, with the zeros that end texts.
const (
	XENSTORE_PAYLOAD_MAX  = 4096
	XENSTORE_ABS_PATH_MAX = 3072
	XENSTORE_REL_PATH_MAX = 2048
)
