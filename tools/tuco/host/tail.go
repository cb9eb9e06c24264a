package host

import (
	"fmt"
	"io"
	"strings"
)

// TailLines is the number of lines that a failed run shows of each log.
const TailLines = 60

// WriteTail writes the last lines of the logs: the hypervisor's, where addresses are followed by the function, file and
// line that they lie in and a guest's code is disassembled, domain 0's, the processors' state if the machine has vanished, and what the emulator had to say.
func (o *Outcome) WriteTail(w io.Writer, lines int) error {
	var b strings.Builder
	log := o.Log
	if o.End == GaveUp {
		log = withoutReport(log)
	}
	tail := lastLines(&b, log, lines, o.LogPath)
	image, err := LoadSymbols(o.image)
	if err != nil {
		image = nil // Debian's Xen has none, nor has what stands for an image in a test
	}
	b.WriteString(annotate(tail, image, o.guest))
	if o.Console != "" {
		b.WriteString("--- the end of domain 0's console:\n")
		b.WriteString(lastLines(&b, o.Console, lines, o.ConsolePath))
	}
	if o.Processors != "" {
		b.WriteString("--- the processors, as the emulator shows them:\n" + annotate(strings.TrimRight(o.Processors, "\n")+"\n", image, ""))
	}
	if o.Emulator != "" {
		b.WriteString("--- the emulator says:\n" + strings.TrimRight(o.Emulator, "\n") + "\n")
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// lastLines gives the last lines of a log, each with its end, and says what is left out and where it is.
func lastLines(b *strings.Builder, log string, lines int, path string) string {
	if log == "" {
		return "(the log is empty)\n"
	}
	all := strings.SplitAfter(strings.TrimSuffix(log, "\n"), "\n")
	if first := len(all) - lines; first > 0 {
		fmt.Fprintf(b, "… %d lines before are in %s\n", first, path)
		all = all[first:]
	}
	return strings.Join(all, "") + "\n"
}

// withoutReport is a log up to the hypervisor's report of domain 0's last crash, which says nothing of one that has given up by itself. Reports of guests are before it.
func withoutReport(log string) string {
	if k := strings.LastIndex(log, "\n"+reportLine+"domain 0 ("); k >= 0 {
		return log[:k+1]
	}
	return log
}
