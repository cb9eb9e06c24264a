# Instructions that the hypervisor executes for the guest, and exceptions that it hands to it.

	.include "rawbench.inc"

	.text
# handlers_on makes the guest take exceptions, handlers_off not: one that no row is about ends it then. They keep all registers
# that a sample needs.
	.globl	handlers_on, handlers_off
handlers_on:
	push	%rdi
	lea	traps(%rip), %rdi
	jmp	1f
handlers_off:
	push	%rdi
	xor	%edi, %edi
1:	push	%rax
	hypercall set_trap_table
	pop	%rax
	pop	%rdi
	ret

breakpoint:
	pop	%rcx
	pop	%r11
	back

undefined:
	pop	%rcx
	pop	%r11
	addq	$2, (%rsp)			# behind the UD2
	back

page_fault:
	pop	%rcx
	pop	%r11
	add	$8, %rsp			# the error code
	addq	$2, (%rsp)			# behind the MOV
	back

	.globl	int80
int80:	pop	%rcx
	pop	%r11
	back

	.globl	user_call
user_call:
	pop	%rcx
	pop	%r11
	back	0x100				# VGCF_in_syscall

	row "pv cpuid (forced emul)", 1, cpuid
cpuid:	push	%rbx
	xor	%eax, %eax
	xor	%ecx, %ecx
	begin
	ud2
	.ascii	"xen"
	cpuid
	end
	pop	%rbx
	ret

	row "pv rdmsr emul EFER", 1, efer
efer:	mov	$0xc0000080, %ecx
	begin
	rdmsr
	end
	ret

	row "pv read_cr3 emul", 1, cr3
cr3:	begin
	mov	%cr3, %rax
	end
	ret

	row "pv outb 0x80 emul", 1, port80
port80:	xor	%eax, %eax
	begin
	outb	%al, $0x80
	end
	ret

	row "int3 trap bounce + iret hypercall", 1, int3
int3:	call	handlers_on
	begin
	int3
	end
	jmp	handlers_off

	row "ud2 trap bounce + iret hypercall", 1, ud2
ud2:	call	handlers_on
	begin
	ud2
	end
	jmp	handlers_off

	row "page fault (write NULL) bounce + iret", 1, null_pointer
null_pointer:
	call	handlers_on
	xor	%edi, %edi
	begin
	mov	%eax, (%rdi)
	end
	jmp	handlers_off

	.section .rodata
	.balign 8
.macro trap vector, level, handler
	.byte	\vector, \level
	.word	KERNEL_CS
	.long	0
	.quad	\handler
.endm
traps:
	trap	0, 0, user_end
	trap	3, 3, breakpoint
	trap	6, 0, undefined
	trap	14, 0, page_fault
	trap	0x80, 3, int80
	trap	0, 0, 0
