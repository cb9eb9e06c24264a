# The notes that make a Xen PV kernel of an ELF file: public header elfnote.h. With the symbol P2M defined, they ask for
# the list of frames at an address of its own, and for a ramdisk that is not mapped.

.macro note type, desc:vararg
	.pushsection .note.Xen, "a", @note
	.balign 4
	.long 4, 2f - 1f, \type
	.asciz "Xen"
1:	\desc
2:	.balign 4
	.popsection
.endm

	note 1,  .quad go_entry			# ENTRY
	note 2,  .quad hypercall_page		# HYPERCALL_PAGE
	note 3,  .quad VIRT_BASE		# VIRT_BASE
	note 4,  .quad 0			# PADDR_OFFSET
	note 5,  .asciz "xen-3.0"		# XEN_VERSION
	note 6,  .asciz "tuco-test"		# GUEST_OS
	note 8,  .asciz "generic"		# LOADER
	note 17, .long 1 << 11			# SUPPORTED_FEATURES: dom0

.ifdef P2M
	note 15, .quad 0x8000000000		# INIT_P2M
	note 16, .long 1			# MOD_START_PFN
.endif
