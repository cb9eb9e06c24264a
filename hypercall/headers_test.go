package hypercall

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tuco/ring"
)

var headers = []string{
	"xen.h", "arch-x86/cpuid.h", "arch-x86/hvm/start_info.h", "arch-x86/xen-mca.h", "callback.h", "elfnote.h", "errno.h",
	"event_channel.h", "features.h", "grant_table.h", "hvm/hvm_op.h", "hvm/hvm_vcpu.h", "hvm/params.h",
	"io/blkif.h", "io/console.h", "io/netif.h", "io/xenbus.h", "io/xs_wire.h", "memory.h", "nmi.h", "physdev.h", "platform.h", "sched.h", "vcpu.h", "version.h",
}

// TestHeaders compares all that this package says with Xen's public headers.
func TestHeaders(t *testing.T) {
	facts := load(t).facts(t)
	require.Greater(t, len(facts), 1000)
	facts = append(facts, overlays...)

	var c strings.Builder
	c.WriteString("const unsigned long long values[] = {\n")
	for _, f := range facts {
		fmt.Fprintf(&c, "(unsigned long long)(%s),\n", f.c)
	}
	c.WriteString("};\n")
	values := compile(t, c.String(), "values")
	require.Len(t, values, 8*len(facts))
	for i, f := range facts {
		assert.Equal(t, f.want, binary.LittleEndian.Uint64(values[8*i:]), "%s: C's %s", f.what, f.c)
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
	{"ring.Header.ReqProd", "__builtin_offsetof(struct blkif_sring, req_prod)", uint64(unsafe.Offsetof(ring.Header{}.ReqProd))},
	{"ring.Header.ReqEvent", "__builtin_offsetof(struct blkif_sring, req_event)", uint64(unsafe.Offsetof(ring.Header{}.ReqEvent))},
	{"ring.Header.RspProd", "__builtin_offsetof(struct blkif_sring, rsp_prod)", uint64(unsafe.Offsetof(ring.Header{}.RspProd))},
	{"ring.Header.RspEvent", "__builtin_offsetof(struct blkif_sring, rsp_event)", uint64(unsafe.Offsetof(ring.Header{}.RspEvent))},
	{"ring.Header", "__builtin_offsetof(struct blkif_sring, ring)", uint64(unsafe.Sizeof(ring.Header{}))},
	{"a block device's ring", "__CONST_RING_SIZE(blkif, 4096)", uint64(ring.Slots[BlkifRequest, BlkifResponse](4096))},
	{"a ring for sending frames", "__CONST_RING_SIZE(netif_tx, 4096)", uint64(ring.Slots[NetifTXRequest, NetifTXResponse](4096))},
	{"a ring for receiving frames", "__CONST_RING_SIZE(netif_rx, 4096)", uint64(ring.Slots[NetifRXRequest, NetifRXResponse](4096))},
	{"E820RAM", "XEN_HVM_MEMMAP_TYPE_RAM", E820RAM},
	{"E820Unusable", "XEN_HVM_MEMMAP_TYPE_UNUSABLE", E820Unusable},
}

// TestPrefix: the header has the prefix as text for an assembler.
func TestPrefix(t *testing.T) {
	directive := ".byte "
	for _, b := range []byte(XEN_EMULATE_PREFIX) {
		directive += fmt.Sprintf("0x%02x,", b)
	}
	got := compile(t, "const char text[] = XEN_EMULATE_PREFIX;\n", "text")
	assert.Equal(t, strings.TrimSuffix(directive, ",")+" ; \x00", string(got))
}

// compile translates C behind the headers' declarations, and returns a
// variable's bytes. Nothing is linked or run, so a compiler without a C
// library is enough.
func compile(t *testing.T, c, variable string) []byte {
	t.Helper()
	const deps = "../out/deps" // where tools/deps unpacks packages for those who are not root
	include, gcc := "/usr/include", "gcc"
	if _, err := os.Stat(filepath.Join(include, "xen/xen.h")); err != nil {
		include = filepath.Join(deps, include)
		require.FileExists(t, filepath.Join(include, "xen/xen.h"), "Xen's public headers are missing: run tools/deps test (Debian's package libxen-dev)")
	}
	if _, err := exec.LookPath(gcc); err != nil {
		gcc = filepath.Join(deps, "usr/bin/gcc")
		require.FileExists(t, gcc, "gcc is missing: run tools/deps test")
	}
	var text strings.Builder
	text.WriteString("#include <stdint.h>\n#include <stddef.h>\n")
	for _, h := range headers {
		fmt.Fprintf(&text, "#include <xen/%s>\n", h)
	}
	text.WriteString(c)

	dir := t.TempDir()
	in, out := filepath.Join(dir, "abi.c"), filepath.Join(dir, "abi.o")
	require.NoError(t, os.WriteFile(in, []byte(text.String()), 0o644))
	said, err := exec.Command(gcc, "-m64", "-ffreestanding", "-std=gnu99", "-c", "-O1", "-I", include,
		"-D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__", "-o", out, in).CombinedOutput()
	require.NoError(t, err, "%s", said)

	object, err := elf.Open(out)
	require.NoError(t, err)
	defer object.Close()
	symbols, err := object.Symbols()
	require.NoError(t, err)
	for _, s := range symbols {
		if s.Name == variable {
			data, err := object.Sections[s.Section].Data()
			require.NoError(t, err)
			return data[s.Value : s.Value+s.Size]
		}
	}
	require.Fail(t, "gcc's object has no "+variable)
	return nil
}
