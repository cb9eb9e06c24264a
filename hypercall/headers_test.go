package hypercall

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/hypercall/cabi"
)

var headers = []string{
	"xen.h", "arch-x86/cpuid.h", "arch-x86/hvm/start_info.h", "arch-x86/xen-mca.h", "callback.h", "elfnote.h", "errno.h",
	"event_channel.h", "features.h", "grant_table.h", "hvm/hvm_op.h", "hvm/hvm_vcpu.h", "hvm/params.h",
	"io/xenbus.h", "io/xs_wire.h", "memory.h", "nmi.h", "physdev.h", "platform.h", "sched.h", "vcpu.h", "version.h",
}

// TestHeaders compares all that this package says with Xen's public headers.
func TestHeaders(t *testing.T) {
	facts := load(t).facts(t)
	require.Greater(t, len(facts), 1000)
	facts = append(facts, overlays...)

	var expressions []string
	for _, f := range facts {
		expressions = append(expressions, f.c)
	}
	for i, v := range cabi.Values(t, headers, expressions...) {
		assert.Equal(t, facts[i].want, v, "%s: C's %s", facts[i].what, facts[i].c)
	}
}

// overlays are the places that methods reach into.
var overlays = []fact{
	{"SetDom0Console: offset", "__builtin_offsetof(struct start_info, console.dom0.info_off) - __builtin_offsetof(struct start_info, console.domU.mfn)", 0},
	{"SetDom0Console: size", "__builtin_offsetof(struct start_info, console.dom0.info_size) - __builtin_offsetof(struct start_info, console.domU.mfn)", 4},
	{"EvtchnPeer.Domain, interdomain", "__builtin_offsetof(struct evtchn_status, u.interdomain.dom) - __builtin_offsetof(struct evtchn_status, u)", 0},
	{"EvtchnPeer.Domain, unbound", "__builtin_offsetof(struct evtchn_status, u.unbound.dom) - __builtin_offsetof(struct evtchn_status, u)", 0},
	{"EvtchnPeer.Port", "__builtin_offsetof(struct evtchn_status, u.interdomain.port) - __builtin_offsetof(struct evtchn_status, u)", 4},
	{"EvtchnPeer.IRQ", "__builtin_offsetof(struct evtchn_status, u.pirq) - __builtin_offsetof(struct evtchn_status, u)", 0},
	{"MMUExtOp.MFN", "sizeof(((struct mmuext_op *)0)->arg1.mfn)", 8},
	{"MMUExtOp.NrEnts", "sizeof(((struct mmuext_op *)0)->arg2.nr_ents)", 4},
	{"MMUExtOp.SrcMFN", "sizeof(((struct mmuext_op *)0)->arg2.src_mfn)", 8},
	{"GnttabCopyPtr.Ref", "sizeof(((struct gnttab_copy_ptr *)0)->u.ref)", 4},
	{"GnttabCopyPtr.GMFN", "sizeof(((struct gnttab_copy_ptr *)0)->u.gmfn)", 8},
	{"XenMemFlags.AddressBits", "XENMEMF_get_address_bits(0xffffffff)", uint64(XenMemFlags(0xffffffff).AddressBits())},
	{"E820RAM", "XEN_HVM_MEMMAP_TYPE_RAM", E820RAM},
	{"E820Unusable", "XEN_HVM_MEMMAP_TYPE_UNUSABLE", E820Unusable},
}

// TestPrefix: the header has the prefix as text for an assembler.
func TestPrefix(t *testing.T) {
	directive := ".byte "
	for _, b := range []byte(XEN_EMULATE_PREFIX) {
		directive += fmt.Sprintf("0x%02x,", b)
	}
	got := cabi.Variable(t, headers, "const char text[] = XEN_EMULATE_PREFIX;\n", "text")
	assert.Equal(t, strings.TrimSuffix(directive, ",")+" ; \x00", string(got))
}
