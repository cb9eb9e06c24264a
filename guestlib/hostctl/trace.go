package hostctl

import (
	"tuco/guestlib/page"
	"tuco/hypercall"
)

// TraceClasses are the classes of events that the hypervisor records, a bit (1<<class) each.
func (h *Host) TraceClasses() (uint64, error) {
	t, err := traced()
	return t.Classes, err
}

func traced() (hypercall.ControlTrace, error) {
	return op("ask what is recorded", hypercall.CONTROLOP_trace, hypercall.ControlTrace{})
}

// SetTraceClasses says which are to be recorded. EINVAL: there is no such class.
func (h *Host) SetTraceClasses(classes uint64) error {
	_, err := op("say what is to be recorded", hypercall.CONTROLOP_trace, hypercall.ControlTrace{
		Flags: hypercall.CONTROLTRACE_set, Classes: classes,
	})
	return err
}

// TraceBuffers maps the buffers that the CPUs record in, to be read as hypercall.ControlTrace has it. They stay mapped.
func (h *Host) TraceBuffers() ([][]byte, error) {
	t, err := traced()
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for cpu := range t.CPUs {
		b, err := op("find a trace buffer", hypercall.CONTROLOP_trace_buffer, hypercall.ControlTraceBuffer{CPU: cpu})
		if err != nil {
			return nil, err
		}
		memory, err := mapTrace(b.First, int(b.Frames))
		if err != nil {
			return nil, err
		}
		all = append(all, memory)
	}
	return all, nil
}

func mapTrace(first hypercall.XenPFN, n int) ([]byte, error) {
	frames := make([]hypercall.XenPFN, n)
	for i := range frames {
		frames[i] = first + hypercall.XenPFN(i)
	}
	room, err := page.Reserve(n)
	if err != nil {
		return nil, err
	}
	if err := room.MapOthers(0, hypercall.DOMID_XEN, frames); err != nil {
		_ = room.UnmapAll()
		_ = room.Free()
		return nil, err
	}
	return room.Bytes(0, n), nil
}
