// Package model checks the protocol of package ring, whose text is in its .pml files, with the model checker spin.
//
// A test runs code in some of the orders in which two processors may do things; a model checker in all of them. What it runs is not the
// code but a model, in which only what the two sides do to each other is left: ring.pml has the slots, the four indices and the two
// events of a ring of two slots, on a processor whose stores are seen late; bytes.pml has a byte ring. Both are read beside
// front.go, back.go and bytes.go, step by step.
//
// A model that can't fail proves nothing. So each has switches that leave a step out, such as the last look before sleep, and the test
// wants spin to find the fault.
//
// To see one, the steps that lead to two sleepers who wait for each other:
//
//	cd ring/model && spin -a -DBACK_NO_CHECK ring.pml && gcc -w -DSAFETY -DREACH -o pan pan.c && ./pan -i && spin -t -p -DBACK_NO_CHECK ring.pml
package model
