package pvelf

import "tuco/hypercall"

// Features is a set of XENFEAT_*, a bit for each.
type Features uint64

// Has tells whether a feature, one of XENFEAT_*, is in the set.
func (f Features) Has(feature int) bool { return f>>feature&1 != 0 }

// featureNames are the names in the note FEATURES, by XENFEAT_*.
var featureNames = [...]string{
	hypercall.XENFEAT_writable_page_tables:       "writable_page_tables",
	hypercall.XENFEAT_writable_descriptor_tables: "writable_descriptor_tables",
	hypercall.XENFEAT_auto_translated_physmap:    "auto_translated_physmap",
	hypercall.XENFEAT_supervisor_mode_kernel:     "supervisor_mode_kernel",
	hypercall.XENFEAT_pae_pgdir_above_4gb:        "pae_pgdir_above_4gb",
	hypercall.XENFEAT_mmu_pt_update_preserve_ad:  "mmu_pt_update_preserve_ad",
	hypercall.XENFEAT_highmem_assist:             "highmem_assist",
	hypercall.XENFEAT_gnttab_map_avail_bits:      "gnttab_map_avail_bits",
	hypercall.XENFEAT_hvm_callback_vector:        "hvm_callback_vector",
	hypercall.XENFEAT_hvm_safe_pvclock:           "hvm_safe_pvclock",
	hypercall.XENFEAT_hvm_pirqs:                  "hvm_pirqs",
	hypercall.XENFEAT_dom0:                       "dom0",
	hypercall.XENFEAT_memory_op_vnode_supported:  "memory_op_vnode_supported",
	hypercall.XENFEAT_ARM_SMCCC_supported:        "ARM_SMCCC_supported",
	hypercall.XENFEAT_linux_rsdp_unrestricted:    "linux_rsdp_unrestricted",
	hypercall.XENFEAT_not_direct_mapped:          "not_direct_mapped",
	hypercall.XENFEAT_direct_mapped:              "direct_mapped",
}

// granted are features that a 64-bit PV kernel may require though no such
// domain is told that it has them. Linux requires writable page tables, by
// which it means that its direct writes to tables work; they do, emulated, while the
// mappings are read-only. The other is about 32-bit kernels.
const granted Features = 1<<hypercall.XENFEAT_writable_page_tables | 1<<hypercall.XENFEAT_pae_pgdir_above_4gb

// readFeatures reads both notes about features: a number, and names between |, with a
// ! before those that are required.
func (i *Image) readFeatures(offered Features) Error {
	mask, _ := i.notes.number(hypercall.XEN_ELFNOTE_SUPPORTED_FEATURES)
	i.Supported = Features(mask)
	list := i.notes.text(hypercall.XEN_ELFNOTE_FEATURES)
	for len(list) > 0 {
		var name []byte
		name, list = nextName(list)
		required := len(name) > 0 && name[0] == '!'
		if required {
			name = name[1:]
		}
		f := findFeature(name)
		i.Supported |= f
		if required {
			i.Required |= f
			if f&(offered|granted) == 0 {
				return Error{Code: FeatureLacking, word: name}
			}
		}
	}
	return Error{}
}

func nextName(list []byte) (name, rest []byte) {
	for k, c := range list {
		if c == '|' {
			return list[:k], list[k+1:]
		}
	}
	return list, nil
}

// findFeature is the set of the one feature of this name, or of none.
func findFeature(name []byte) Features {
	for k, n := range &featureNames {
		if n != "" && string(name) == n {
			return 1 << k
		}
	}
	return 0
}
