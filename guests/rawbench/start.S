# A guest that measures what operations of the hypervisor cost, as guests/bench does, and has nothing in common with it:
# no Go, no runtime, no library, and each operation with nothing around it. So the two check each other.
#
# It is domain 0 of Tuco or of Xen. docs/benchmarks.md tells how to run it and what the rows are.

	.include "rawbench.inc"

.macro note type, desc:vararg
	.pushsection .note.Xen, "a", @note
	.balign 4
	.long	4, 2f - 1f, \type
	.asciz	"Xen"
1:	\desc
2:	.balign 4
	.popsection
.endm

	note 1,  .quad start			# ENTRY
	note 2,  .quad hypercall_page		# HYPERCALL_PAGE
	note 3,  .quad VIRT_BASE		# VIRT_BASE
	note 4,  .quad 0			# PADDR_OFFSET
	note 5,  .asciz "xen-3.0"		# XEN_VERSION
	note 6,  .asciz "rawbench"		# GUEST_OS
	note 8,  .asciz "generic"		# LOADER
	note 17, .long 1 << 11			# SUPPORTED_FEATURES: dom0

# Offsets in the structure start_info, whose address is in RSI at the start.
	.set	start_shared_info, 0x28
	.set	start_pt_base, 0x58
	.set	start_mfn_list, 0x68

	.text
	.globl	start
start:
	cld
	lea	stack_top(%rip), %rsp
	lea	preparation(%rip), %rbp
	mov	start_mfn_list(%rsi), %rax
	mov	%rax, frames(%rip)
	mov	start_pt_base(%rsi), %rax
	mov	%rax, root(%rip)
	mov	start_shared_info(%rsi), %rbx

	lea	shared_info(%rip), %rdi
	lea	RW(%rbx), %rsi
	mov	$UVMF_INVLPG, %edx
	hypercall update_va_mapping
	mov	%rax, %r13
	test	%rax, %rax
	jnz	failed

	lea	stack_for_entries(%rip), %rsi
	mov	$FLAT_SS, %edi
	hypercall stack_switch
	mov	$6, %edi			# PHYSDEVOP_set_iopl
	lea	iopl(%rip), %rsi
	hypercall physdev_op
	mov	%rax, %r13
	test	%rax, %rax
	jnz	failed
	xor	%edi, %edi			# VMASST_CMD_enable
	mov	$2, %esi			# VMASST_TYPE_writable_pagetables
	hypercall vm_assist

	call	prepare_events
	call	prepare_pages
	call	prepare_user
	call	measure
	lea	done(%rip), %rsi
	call	print
	call	flush

	mov	$2, %edi			# SCHEDOP_shutdown
	lea	poweroff(%rip), %rsi
	hypercall sched_op
	ud2

# failed ends the run: R13 has what a hypercall has returned, RBP the row.
	.globl	failed
failed:
	call	flush
	lea	refused(%rip), %rsi
	call	print
	mov	(%rbp), %rsi
	call	print
	lea	with(%rip), %rsi
	call	print
	mov	%r13, %rax
	neg	%rax
	call	print_number
	mov	$'\n', %eax
	call	put
	call	flush
	mov	$2, %edi
	lea	crash(%rip), %rsi
	hypercall sched_op
	ud2

	.section .rodata
	.balign 8
preparation: .quad 1f
1:	.asciz	"what comes before the first row"
done:	.asciz	"rawbench: done\n"
refused: .asciz	"rawbench: a hypercall was refused: "
with:	.asciz	": error "

	.data
	.balign 8
iopl:	.long	1
poweroff: .long	0
crash:	.long	3

	.bss
	.balign 4096
	.globl	shared_info, frames, root
shared_info: .skip 4096
	.skip	8192
stack_top:
	.skip	8192
	.globl	stack_for_entries
stack_for_entries:
frames:	.skip	8				# the list of machine frames
root:	.skip	8				# the first page tables
