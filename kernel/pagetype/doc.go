// Package pagetype keeps what every frame of a domain is used as, and lets it
// be nothing else at the same time. It is what stands between a guest that
// writes its own page tables and the machine.
//
// # Owner, references, type
//
// A frame that a domain may use has an owner and a reference count (pmm.Info.Ref)
// and a type with a count of its own (pmm.Info.Type). A reference keeps the frame from being
// freed. A type reference, which comes with a reference, keeps it from
// becoming anything else:
//
//	L1 … L4       each entry above that points to it, each vCPU whose root it is, a pin
//	descriptors   each descriptor table that it is a page of
//	writable      each L1 entry that maps it writable, wherever
//
// A mapping that can only be read takes a reference and no type, so that a
// guest can read its tables. Counts have 44 bits; one more than fits is an
// error. TryGet fails at zero: what is zero has no owner any more.
//
// # Invariants
//
// The model in package mm checks these after each access to shared memory:
//
//  1. A table of a level is pointed to only by entries of tables of the next level
//     with the same owner. Every entry of a validated table is counted in what
//     it points to, and no count is ever lower than what is counted in it.
//  2. A frame with a writable mapping is no table and no page of descriptors.
//  3. A table maps its owner's frames, those that a privileged caller named or
//     another domain grants, and devices' frames that the Space lists; those that were given are
//     taken back when no entry is left. The slots of a root which are the
//     hypervisor's hold what the Space says.
//  4. No translation which a processor could use, be it years old, says otherwise
//     than 1 to 3; nor does it lead to a frame that was freed and is used anew.
//
// # Why a type changes only at count zero
//
// Each use of a frame has checked what it relies on once, when it took its type
// reference. At count zero nobody relies on anything, and a page table
// that no longer counts was taken apart, so what it pointed to is not counted either.
//
// Invariant 4 is harder: a processor keeps translations of entries which are
// gone, and walks tables that are no more, until it flushes. So where a use
// ends the frame gets a stamp, the time by a clock that every flush moves;
// and where the type changes, each vCPU of the owner must have been flushed
// after that. A vCPU's flush is one of all its translations, both roots, and
// so of everything that stale structure could still add to them. If another domain
// has had the frame writable, or the frame was freed, the flush must have been
// of everyone. If a flush is due nothing changes and the result is FlushFirst:
// the flush waits for other processors, and is made with no lock held.
//
// Three orders make the stamp right against other processors:
//
//   - the entry changes before the clock is read for the stamp; a flush reads the
//     clock before it begins; so a flush with a later time saw the entry gone;
//   - the stamp is written before the count falls, by each use that ends and not just by
//     the last (uses may come and go between a stamp and the fall);
//   - before a stamp is judged the word says changing, and nobody can get
//     the frame as the old type any more; so the stamp is the last one. (To compare the
//     word before and after would not do: it may have changed and changed back.)
//
// A stamp is the low half of the clock. One that is too old to tell passes for
// a younger one, and costs a flush; never the other way round.
//
// # Validation that can be interrupted
//
// A table is validated by taking what each of its entries needs, and lower tables
// first. When the budget is used up, or a flush is due somewhere below, every table
// under way stays partial: the entries below Part are counted, and the table
// holds one count of its own. Whoever wants the table next, the same call or
// any other, goes on from there, and the last to do so gets that count. If nobody comes back, the
// frames stay partial, harmless, until the domain is taken apart (Abandon).
//
// When the last count falls, or validation fails, the table is doomed: it goes on
// the Space's list, and Drain gives back its entries from Part downwards. Both
// states are one (the entries below Part are counted), with two directions. Every call
// drains first, so a guest never sees a table half gone; what is left
// over when a call's budget ends is the next call's.
//
// Neither way recurses. Validation goes down three levels at the most and keeps a
// frame number for each; the doomed are a list, threaded through their records.
//
// # Who may change what
//
// A Space's lock guards: its tables' content, Part, the doomed list, and every change of a
// word of its owner's frames to, from and between tables and descriptors. Any
// processor, without a lock, may take and give back references, and
// writable type references: that is what words are changed by CAS for. A
// domain that maps another's frame needs its own lock only.
//
// # What is refused
//
// Recursive (linear) page tables: an entry of a table points to a table of the
// next lower level and to nothing else, so chains of one level don't exist. Large pages. Attributes of
// RAM's caching, which are cleared: RAM is write-back everywhere. Non-present
// entries with an address where memory might be: a processor with the L1 terminal
// fault would read it. Protection keys. The global bit, which is cleared.
// The user bit is set in all entries: guest kernel and guest user both run at CPL 3.
package pagetype
