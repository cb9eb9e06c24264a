# Hypercalls that change nothing to speak of.

	.include "rawbench.inc"

	.text
	row "null: xen_version(XENVER_version)", 1, null
null:	xor	%edi, %edi
	begin
	hypercall xen_version
	ended

	row "bad hypercall nr 60 (ENOSYS)", 1, bad
bad:	begin
	hypercall 60
	end
	ret

	row "sched_op yield", 1, yield
yield:	xor	%edi, %edi
	xor	%esi, %esi
	begin
	hypercall sched_op
	ended

	row "set_timer_op(0)", 1, timer
timer:	xor	%edi, %edi
	begin
	hypercall set_timer_op
	ended

	row "vcpu_op is_up", 1, is_up
is_up:	mov	$3, %edi
	xor	%esi, %esi
	xor	%edx, %edx
	begin
	hypercall vcpu_op
	ended

	row "stack_switch", 1, switch_stack
switch_stack:
	mov	$FLAT_SS, %edi
	lea	stack_for_entries(%rip), %rsi
	begin
	hypercall stack_switch
	ended

	row "fpu_taskswitch", 1, taskswitch
taskswitch:
	xor	%edi, %edi
	begin
	hypercall fpu_taskswitch
	ended

	row "set_debugreg(7)", 1, debugreg
debugreg:
	mov	$7, %edi
	mov	$0x400, %esi
	begin
	hypercall set_debugreg
	ended

	row "set_segment_base FS", 1, segment_base
segment_base:
	xor	%edi, %edi
	xor	%esi, %esi
	begin
	hypercall set_segment_base
	ended

	row "vm_assist", 1, assist
assist:	xor	%edi, %edi			# enable
	mov	$2, %esi			# writable page tables
	begin
	hypercall vm_assist
	ended

	row "memory_op current_reservation", 1, reservation
reservation:
	mov	$3, %edi
	lea	self(%rip), %rsi
	begin
	hypercall memory_op
	ended

	row "memory_op maximum_ram_page", 1, ram_page
ram_page:
	mov	$2, %edi
	xor	%esi, %esi
	begin
	hypercall memory_op
	ended

	row "multicall 32x null xen_version", 32, many
many:	mov	$32, %ecx
	lea	list(%rip), %rdi
1:	movq	$xen_version, (%rdi)
	add	$64, %rdi
	dec	%ecx
	jnz	1b
	lea	list(%rip), %rdi
	mov	$32, %esi
	begin
	hypercall multicall
	ended

	.data
	.balign 8
self:	.quad	DOMID_SELF

	.bss
	.balign 4096
list:	.skip	32 * 64
