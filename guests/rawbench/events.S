# Event channels, from this guest to itself.

	.include "rawbench.inc"

# Commands of event_channel_op.
	.set	close, 3
	.set	send, 4
	.set	alloc_unbound, 6
	.set	bind_ipi, 7
	.set	unmask, 9

# Offsets in shared_info.
	.set	upcall_pending, 0
	.set	upcall_mask, 1
	.set	pending_words, 8
	.set	pending, 0x800
	.set	masked, 0xa00

	.text
	.globl	prepare_events
prepare_events:
	lea	to_return(%rip), %rsi
	call	set_callback
	lea	callback_failsafe(%rip), %rsi
	call	set_callback
	mov	$bind_ipi, %edi
	lea	ipi(%rip), %rsi
	hypercall event_channel_op
	mov	%rax, %r13
	test	%rax, %rax
	jnz	failed
	mov	ipi + 4(%rip), %eax
	mov	%eax, port(%rip)
	call	quiet
	movb	$0, shared_info + upcall_mask(%rip)
	ret

# set_callback registers the callback at RSI.
	.globl	set_callback
set_callback:
	xor	%edi, %edi			# CALLBACKOP_register
	hypercall callback_op
	mov	%rax, %r13
	test	%rax, %rax
	jnz	failed
	ret

# quiet is a state in which no event is pending, and the port is not masked.
quiet:	movb	$0, shared_info + upcall_pending(%rip)
	movq	$0, shared_info + pending_words(%rip)
	movq	$0, shared_info + pending(%rip)
	movq	$0, shared_info + masked(%rip)
	ret

.macro operation command, argument
	mov	$\command, %edi
	lea	\argument(%rip), %rsi
.endm

	row "evtchn send, already pending/masked upcalls", 1, send_again
send_again:
	movb	$1, shared_info + upcall_mask(%rip)
	operation send, port
	hypercall event_channel_op
	operation send, port
	begin
	hypercall event_channel_op
	end
	call	quiet
	movb	$0, shared_info + upcall_mask(%rip)
	ret

	row "evtchn send -> upcall handler entry", 1, send_entry
send_entry:
	push	%rax
	lea	to_measure(%rip), %rsi
	call	set_callback
	pop	%rax
	mov	%rsp, before_upcall(%rip)
	operation send, port
	begin
	hypercall event_channel_op
	ud2					# the upcall has not come
upcall_measured:
	end
	mov	before_upcall(%rip), %rsp
	push	%rax
	call	quiet
	movb	$0, shared_info + upcall_mask(%rip)
	lea	to_return(%rip), %rsi
	call	set_callback
	pop	%rax
	ret

	row "evtchn send + upcall + iret (round trip)", 1, send_round
send_round:
	operation send, port
	begin
	hypercall event_channel_op
	ended

upcall:	movb	$0, shared_info + upcall_pending(%rip)
	movq	$0, shared_info + pending_words(%rip)
	movq	$0, shared_info + pending(%rip)
	pop	%rcx
	pop	%r11
	back

	row "evtchn send, event masked upcall (pending=0 first)", 1, send_masked
send_masked:
	movb	$1, shared_info + upcall_mask(%rip)
	operation send, port
	begin
	hypercall event_channel_op
	end
	call	quiet
	movb	$0, shared_info + upcall_mask(%rip)
	ret

	row "evtchn unmask", 1, unmasking
unmasking:
	operation unmask, port
	begin
	hypercall event_channel_op
	ended

	row "evtchn alloc_unbound+close", 1, open_close
open_close:
	begin
	operation alloc_unbound, unbound
	hypercall event_channel_op
	mov	unbound + 4(%rip), %eax
	mov	%eax, closing(%rip)
	operation close, closing
	hypercall event_channel_op
	ended

	.data
	.balign 8
ipi:	.long	0, 0				# vCPU, and the answer: the port
unbound: .word	DOMID_SELF, DOMID_SELF
	.long	0				# the answer: the port

.macro callback name, type, address
\name:	.word	\type, 0
	.long	0
	.quad	\address
.endm
	callback to_return, 0, upcall
	callback to_measure, 0, upcall_measured
	callback callback_failsafe, 1, upcall

	.bss
	.balign 8
port:	.skip	4
closing: .skip	4
before_upcall: .skip 8
