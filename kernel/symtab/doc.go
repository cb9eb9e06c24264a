// Package symtab turns program counters into functions, files and lines, and
// walks stacks, with no help from the Go runtime: the runtime's own walker
// needs a started runtime, and a crash report cannot wish for one.
//
// It reads the tables that the Go linker puts into every program. A function
// record (_func in the runtime) names pc-value tables: for each range of
// program counters the stack depth, the file, the line, and the index of the
// inlined call. A pc-value table is a sequence of pairs of varints, a zig-zag
// delta of the value and a delta of the program counter.
//
// Source: Go source tree, runtime/symtab.go, runtime/symtabinl.go and
// internal/abi/symtab.go, for the layouts only. They change between Go
// releases, seldom and without notice: the package's tests compare every
// answer with the runtime's.
package symtab
