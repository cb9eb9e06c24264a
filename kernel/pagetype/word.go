package pagetype

// Owner is the number of the domain that a frame belongs to.
type Owner uint16

// Type is what a frame is used as.
type Type uint8

const (
	None Type = iota // never used as anything since it was allocated
	L1               // page tables by level; L1 maps pages, L4 is a root
	L2
	L3
	L4
	Descriptors // a page of a GDT or an LDT
	Writable    // the guest may write to it
)

// String returns the type's name.
func (t Type) String() string {
	switch t {
	case None:
		return "none"
	case L1:
		return "L1"
	case L2:
		return "L2"
	case L3:
		return "L3"
	case L4:
		return "L4"
	case Descriptors:
		return "descriptors"
	case Writable:
		return "writable"
	}
	return "unknown type"
}

// table tells whether the type is a page table.
func (t Type) table() bool { return t >= L1 && t <= L4 }

// word is a frame's type and type count, as pmm.Info.Type holds it.
//
//	63     54    53      52       51      50       49        48     46  44 43     0
//	| unused | shared | changing | doomed | partial | validated | pinned | type | count |
type word uint64

const (
	countBits      = 44
	countMask word = 1<<countBits - 1

	typeShift      = countBits
	typeMask  word = 7 << typeShift

	pinned    word = 1 << (47 + iota - 4) // the guest holds one count of a table until it unpins
	validated                             // the table's entries have been checked, and are counted
	partial                               // entries below Part are counted; validation stopped there, and holds one count
	doomed                                // entries below Part are counted, and will be given back; the count is a link
	changing                              // some CPU decides about the type in this very moment
	shared                                // was writable to another domain than the owner since it took this type
)

// nolink ends the lists that are threaded through type words. No frame has
// this number: see pmm.Limit.
const nolink = 1<<32 - 1

func (x word) typ() Type     { return Type(x & typeMask >> typeShift) }
func (x word) count() uint64 { return uint64(x & countMask) }
func (t Type) word() word    { return word(t) << typeShift }

// The owner and the reference count, as pmm.Info.Ref holds them. The word is
// zero when the count is.
const (
	refMask    = 1<<44 - 1
	allocated  = 1 << 44 // one of the references is the owner's possession of the frame
	ownerShift = 48

	// maxCount is the most that either count holds. Who wants one more is refused.
	maxCount = 1<<44 - 1
)
