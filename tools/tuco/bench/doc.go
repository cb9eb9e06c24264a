// Package bench makes one report of what measuring guests have printed, on Tuco and on Xen.
//
// A guest's table ([Parse]) has a line for each operation. The tables of the same guest on several hypervisors are joined by
// the operations' names ([Report.Join]); the one of another guest is compared with it ([Report.Compare]). A report is written as JSON,
// which programs read, and as Markdown. Nothing here boots anything, so all of it is tested on texts.
package bench
