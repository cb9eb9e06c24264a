// Package domains is the life of guests: they are made, run, end, come again, and are taken apart.
//
// # States
//
//	         Create                 Pause
//	(none) ─────────> building ─> running <──────> paused
//	                     │           │     Unpause
//	                     │           │ the guest ends, and on_poweroff, on_reboot or on_crash says what then:
//	                     │           ├── destroy ──> (none)
//	                     │           ├── restart ──> building
//	                     │           └── preserve ─> ended      keeps its memory, until Destroy
//	                     └─> failed   a restart that went wrong: the guest has no domain; Destroy, or the host's next start
//
// Destroy leads from every state to none. A guest that is building or being taken apart makes commands wait.
//
// # Nothing half-made
//
// A guest is made of parts that different daemons hold: the hypervisor's domain, the store's connection, disks, interfaces, a line in the
// record. Each part that has been made puts the way to unmake it on the guest's undo stack. When a later part can't be made, the stack is run, and
// there is nothing left; the same stack, kept, is how a guest that has lived is taken apart. A step that fails stays on the stack, the
// others run all the same, and Poll tries again what is left of guests that no longer are.
//
// # The record
//
// What guests there are is one small document, written as a whole before a guest first runs and before one is taken apart, so that
// whatever moment the toolstack ends at, Restore knows what to do: a domain that is in no record is the remains of a Create or a Destroy
// that nobody saw the end of, and goes; a record whose domain there is, is adopted; a record without a domain is a guest that the host's
// restart has ended, and is built again. Records and domains find each other by a handle of 128 random bits, a new one for each building, since the hypervisor's numbers
// begin again with the host.
//
// # Locks
//
// Manager.mu guards the table and is never held over a call to anybody. Each guest has a lock for operations on it, taken before mu. Manager.saving
// makes documents come to the store in the order in which they were made.
package domains
