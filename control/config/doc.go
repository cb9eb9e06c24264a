// Package config reads guest.cfg files, which describe guests with the keys of xl.cfg(5).
//
// # Evaluation
//
// A file is a Starlark program: assignments at its top, whose right sides may compute. Every variable of its top is a key,
// except those that begin with an underscore, which are the file's own. There is no load and no print, and a file has a
// largest size and a largest number of steps, so its evaluation ends. Steps bound time, not memory: a file that doubles a
// string in each step is its author's own fault, so files are evaluated where their author's trust is, in the command
// line tool or, of its own ramdisk, in the control domain. What comes over the wire is a file without a program in it (ParsePlain), which is what File writes.
//
// # Strictness
//
// A key that is not known, and a value that is not, are errors. A misspelt on_crash that is ignored shows on the night of the
// crash. What xl knows and Tuco has not is refused as well, with what to write instead: a file never asks for more than it gets.
// All that is wrong with a file is found at once; each error names file, line and key and ends with the remedy.
//
// A guest without a mac in its vif has one made of its name, so that it is the same at each start and DHCP gives it its
// old address.
package config
