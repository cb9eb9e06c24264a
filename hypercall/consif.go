package hypercall

// XenconsInterface is struct xencons_interface: the page of a guest's console.
// Public header io/console.h. Its rings are package ring's byte rings.
type XenconsInterface struct {
	In      [1024]byte // [daemon] what was typed
	Out     [2048]byte // [guest]
	InCons  uint32     // [guest]
	InProd  uint32     // [daemon]
	OutCons uint32     // [daemon]
	OutProd uint32     // [guest]
}
