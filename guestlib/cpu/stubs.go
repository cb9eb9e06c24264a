package cpu

// The addresses of the stubs.

func stub0() uint64
func stub1() uint64
func stub3() uint64
func stub4() uint64
func stub5() uint64
func stub6() uint64
func stub7() uint64
func stub10() uint64
func stub11() uint64
func stub12() uint64
func stub13() uint64
func stub14() uint64
func stub16() uint64
func stub17() uint64
func stub18() uint64
func stub19() uint64
func callbacks() (event, failsafe uint64)
