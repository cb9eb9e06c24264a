# How often the vCPU leaves its container, which only Tuco tells: tuco_op(TUCOOP_exits).

	.include "rawbench.inc"

	.set	TUCOOP_exits, 1

	.text
# exits_before and exits_after stand around an operation and keep all registers. The least count of a row's samples is in exits:
# with those of the counting itself, and less what was to be left out.
	.globl	exits_before
exits_before:
	push	%rax
	push	%rdi
	push	%rsi
	lea	before(%rip), %rsi
	call	count
	pop	%rsi
	pop	%rdi
	pop	%rax
	ret

	.globl	exits_after
exits_after:
	push	%rax
	push	%rdi
	push	%rsi
	lea	after(%rip), %rsi
	call	count
	mov	after(%rip), %rax
	sub	before(%rip), %rax
	sub	left_out(%rip), %rax
	cmp	exits(%rip), %rax
	jae	1f
	mov	%rax, exits(%rip)
1:	pop	%rsi
	pop	%rdi
	pop	%rax
	ret

count:	mov	$TUCOOP_exits, %edi
	hypercall tuco_op
	mov	%eax, uncounted(%rip)
	ret

	.bss
	.balign 8
before:	.skip	48				# struct tuco_exits: the sum of all, and of sorts
after:	.skip	48
	.globl	exits, left_out, uncounted
exits:	.skip	8
left_out: .skip	8
uncounted: .skip 4				# not 0: the hypervisor does not tell
