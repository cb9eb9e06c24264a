package hypercall

// GrantRef is grant_ref_t: an index into a domain's grant table. Public header
// grant_table.h.
type GrantRef uint32

// GrantHandle is grant_handle_t: a mapping of a grant, to undo it by.
type GrantHandle uint32

// GrantEntryV1 is struct grant_entry_v1: an entry of a grant table of version 1.
//
// To grant, the guest writes DomID and Frame first and Flags last. To end a
// grant it swaps Flags for 0 by one atomic operation that fails if GTF_reading
// or GTF_writing came up meanwhile.
type GrantEntryV1 struct {
	Flags uint16 // [guest]; [tuco] sets and clears GTF_reading, GTF_writing
	DomID DomID  // [guest] to whom
	Frame uint32 // [guest] the frame, machine frame of a PV guest, guest frame else
}

// The first entries of a table may be filled before the domain starts.
const (
	GNTTAB_NR_RESERVED_ENTRIES = 8
	GNTTAB_RESERVED_CONSOLE    = 0
	GNTTAB_RESERVED_XENSTORE   = 1
)

// The types of a grant, in GrantEntryV1.Flags.
const (
	GTF_invalid         = 0
	GTF_permit_access   = 1 // the frame may be mapped or copied
	GTF_accept_transfer = 2 // a frame may be given to the granter
	GTF_transitive      = 3 // a grant of a third domain is passed on
	GTF_type_mask       = 3
)

// The other bits of GrantEntryV1.Flags.
const (
	GTF_readonly           = 1 << 2 // [guest] not to be written
	GTF_reading            = 1 << 3 // [tuco] in use for reading
	GTF_writing            = 1 << 4 // [tuco] in use for writing
	GTF_PWT                = 1 << 5 // [guest] cacheability of mappings
	GTF_PCD                = 1 << 6
	GTF_PAT                = 1 << 7
	GTF_sub_page           = 1 << 8 // [guest] part of a page; version 2
	GTF_transfer_committed = 1 << 2 // [tuco] GTF_accept_transfer: hands off the entry
	GTF_transfer_completed = 1 << 3 // [tuco] and now Frame is the frame given
)
