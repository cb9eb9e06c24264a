// Package lines gives the machine's interrupt lines to domain 0, as physical
// interrupts (PIRQs) of its event channels.
//
// A line is an input of an I/O APIC, known by its global system interrupt (GSI).
// The domain gives a line one of its PIRQ numbers (Map), says how the line signals
// (Setup), and binds the number to a port (Bind). Each line has a vector of its
// own, and interrupts the boot CPU; what comes of it there is an event, and
// perhaps a vCPU to be woken. Lines that the hypervisor uses itself can be mapped,
// since a kernel maps whatever firmware names, but not bound.
//
// # Masked and not
//
// A line is masked until it is bound.
//
//   - An edge is an event, and over. A line whose edges come faster than anybody
//     can use rests, masked, until the time is up for which it may have no more;
//     then it is raised once, for whatever it has missed.
//   - A level stays until the domain has served the device. So the line is masked
//     before the interrupt is ended, and stays so until the domain says that it is
//     done (EOI). If the line is still up then it interrupts at once. A domain
//     that does not serve its device therefore costs one interrupt for each
//     hypercall that it makes, and one that says nothing costs nothing.
//
// Closing a port says nothing here. The next interrupt finds that nobody wants
// it, and masks the line; so every way in which ports are closed is covered, and
// what this costs is one interrupt.
//
// # Messages
//
// A device may instead write a message (MSI, MSI-X), which is a vector of its own and an edge. The
// hypervisor composes it (NewMessage) and domain 0, whose device could write to any address anyway as long as
// no IOMMU is used, tells the device. It stands in the place of a line that no controller has. What can't be masked here
// can't rest either: a device that sends messages without end is domain 0's to stop.
//
// # Locks
//
// All of it is under one lock, as the controllers are: a register takes two
// accesses. An interrupt takes it, too, and raises the event under it. So if Bind
// has stored the port and then unmasks the line under the lock, an interrupt that
// came before and found nobody can't mask it afterwards.
//
// Sources: Intel 82093AA I/O APIC data sheet, "I/O Redirection Table Registers";
// the ACPI specification, "Global System Interrupts"; Intel SDM vol. 3, "Message Signalled Interrupts".
package lines
