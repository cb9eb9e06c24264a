# User mode: system calls from a page of code of its own.

	.include "rawbench.inc"

	.set	user_code, 0x400000		# where user mode has its two pages
	.set	user_stack_top, 0x402000

	.text
# prepare_user makes the tables of user mode, of four pages that become read-only, and loads them.
	.globl	prepare_user
prepare_user:
	lea	callback_syscall(%rip), %rsi
	call	set_callback
	lea	code(%rip), %rdi
	call	frame_of
	or	$RO, %rax
	mov	%rax, user_l1(%rip)
	lea	user_stack(%rip), %rdi
	call	frame_of
	or	$RW, %rax
	mov	%rax, user_l1 + 8(%rip)
	lea	user_l1(%rip), %rdi
	call	frame_of
	or	$RW, %rax
	mov	%rax, user_l2 + 2 * 8(%rip)
	lea	user_l2(%rip), %rdi
	call	frame_of
	or	$RW, %rax
	mov	%rax, user_l3(%rip)
	lea	user_l3(%rip), %rdi
	call	frame_of
	or	$RW, %rax
	mov	%rax, user_root(%rip)
	mov	%rax, other_user_root(%rip)

	lea	user_l1(%rip), %rdi
	call	make_readonly
	lea	user_l2(%rip), %rdi
	call	make_readonly
	lea	user_l3(%rip), %rdi
	call	make_readonly
	lea	other_user_root(%rip), %rdi
	call	pin_root
	lea	user_root(%rip), %rdi
	call	pin_root
	mov	$15, %edi			# MMUEXT_NEW_USER_BASEPTR
	call	extended

	# The exits on the way there and back.
	movq	$-1, exits(%rip)
	mov	$user_code + do_nothing - code, %edi
	call	in_user
	mov	exits(%rip), %rax
	mov	%rax, user_exits(%rip)
	ret

# in_user has a sample taken in user mode, by the code at RDI. What is on the stack here waits for user_end.
in_user:
	call	handlers_on
	push	%rbx
	push	%rbp
	mov	%rsp, kernel_stack(%rip)
	mov	user_exits(%rip), %rax
	sub	counting(%rip), %rax
	mov	%rax, left_out(%rip)
	call	exits_before
	push	$FLAT_SS
	push	$user_stack_top
	push	$0x202				# IF: events are let in
	push	$USER_CS
	push	%rdi
	back

# user_end is the exception by which user mode ends.
	.globl	user_end
user_end:
	mov	kernel_stack(%rip), %rsp
	call	exits_after
	movq	$0, left_out(%rip)
	pop	%rbp
	pop	%rbx
	jmp	handlers_off

	row "user syscall -> guest kernel -> iret hypercall -> user", 1, system_call
system_call:
	mov	$user_code + do_syscall - code, %edi
	jmp	in_user

	row "user int80 -> guest kernel -> iret hypercall -> user", 1, interrupt
interrupt:
	mov	$user_code + do_int80 - code, %edi
	jmp	in_user

	.section .user, "ax"
	.balign 4096
code:
do_nothing:
	xor	%ecx, %ecx
	div	%ecx
do_syscall:
	stamp
	syscall
	stamped
	xor	%ecx, %ecx
	div	%ecx
do_int80:
	stamp
	int	$0x80
	stamped
	xor	%ecx, %ecx
	div	%ecx
	.balign 4096

	.section .rodata
	.balign 8
callback_syscall:
	.word	2, 0				# CALLBACKTYPE_syscall
	.long	0
	.quad	user_call

	.bss
	.balign 4096
	.globl	user_root, other_user_root
user_root: .skip 4096
other_user_root: .skip 4096
user_l3: .skip	4096
user_l2: .skip	4096
user_l1: .skip	4096
user_stack: .skip 4096
kernel_stack: .skip 8
user_exits: .skip 8
