package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tuco/control/api/wire"
	"tuco/control/domains"
	"tuco/control/trace"
	"tuco/hypercall"
)

// Trace gives readers of what the hypervisor records: a trace.Service.
type Trace interface {
	Open(classes uint64) (*trace.Reader, error)
}

// trace sends what is recorded, until the client leaves.
func (s *Server) trace(w http.ResponseWriter, r *http.Request) error {
	classes, err := traceClasses(r.URL.Query().Get(wire.QueryClass))
	if err != nil {
		return err
	}
	only, err := s.traceDomain(r.URL.Query().Get(wire.QueryDomain))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", wire.TraceType)
	if r.Method == http.MethodHead {
		return nil
	}
	reader, err := s.Trace.Open(classes)
	if err != nil {
		return err
	}
	defer reader.Close()
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // one who looks on has nothing to say
	head := wire.TraceHead{TicksPerMillisecond: reader.TicksPerMillisecond(), CPUs: uint32(reader.CPUs())}
	for b := head.Append(nil); ; {
		if _, err := w.Write(b); err != nil || http.NewResponseController(w).Flush() != nil {
			return nil // the client has left
		}
		for b = b[:0]; len(b) == 0; {
			records, err := reader.Next(r.Context())
			if err != nil {
				return nil
			}
			for i := range records {
				if e := &records[i]; e.Event == hypercall.CONTROLTRACE_lost || classes>>e.Event.Class()&1 != 0 && only.has(e.VCPU) {
					b = wire.AppendTrace(b, e)
				}
			}
		}
	}
}

// traceClasses are the classes with these names.
func traceClasses(names string) (classes uint64, err error) {
	if names == "" {
		return 1 << hypercall.CONTROLTRACE_EXIT, nil
	}
	for name := range strings.SplitSeq(names, ",") {
		class := slices.Index(wire.TraceClasses, name)
		if class < 0 {
			return 0, refuse(http.StatusBadRequest, "there is no class of events %q: there are %s", name, strings.Join(wire.TraceClasses, ", "))
		}
		classes |= 1 << class
	}
	return classes, nil
}

// oneDomain is a domain's number, or allDomains.
type oneDomain int

const allDomains oneDomain = -1

// has tells whether what is about a vCPU is about the domain.
func (d oneDomain) has(vcpu uint32) bool {
	return d == allDomains || vcpu != hypercall.CONTROLTRACE_NO_VCPU && vcpu>>16 == uint32(d)
}

// traceDomain is the domain with a guest's name, or with a number.
func (s *Server) traceDomain(name string) (oneDomain, error) {
	if name == "" {
		return allDomains, nil
	}
	if g, there := s.guest(name); there {
		if g.ID == (domains.ID{}) {
			return 0, refuse(http.StatusConflict, "guest %q is %s: it has no domain now", name, g.State)
		}
		return oneDomain(g.ID.Dom), nil
	}
	if n, err := strconv.ParseUint(name, 10, 15); err == nil {
		return oneDomain(n), nil
	}
	return 0, refuse(http.StatusNotFound, "there is no guest %q, and it is no number of a domain", name)
}
