// Package scaffold makes new modules whose programs are guests, outside this source tree.
//
// Such a module has to be able to import the guest library, and what that imports, with no network: its go.mod points at this
// tree, and takes the versions that this tree's has, with their checksums.
package scaffold
