/*
 * What C cannot stand before. syscall(): a wrapper's frame under clone or vfork would be returned
 * to twice, so all but futex is a jump. vfork(): the child runs on the parent's stack and
 * thread-local data; it records nothing until it execs or exits.
 */
#ifdef __x86_64__

#define SYS_FUTEX 202
#define SYS_VFORK 58

	.text

	.globl syscall
	.type syscall, @function
syscall:
	.cfi_startproc
	endbr64
	cmpq	$SYS_FUTEX, %rdi
	je	dwell_futex
	movq	dwell_real_syscall(%rip), %rax
	testq	%rax, %rax
	jz	1f
	jmp	*%rax
	/* Called before our constructor: find the real one first. */
1:	pushq	%rdi
	.cfi_adjust_cfa_offset 8
	pushq	%rsi
	.cfi_adjust_cfa_offset 8
	pushq	%rdx
	.cfi_adjust_cfa_offset 8
	pushq	%rcx
	.cfi_adjust_cfa_offset 8
	pushq	%r8
	.cfi_adjust_cfa_offset 8
	pushq	%r9
	.cfi_adjust_cfa_offset 8
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	call	dwell_real_need_syscall
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%r9
	.cfi_adjust_cfa_offset -8
	popq	%r8
	.cfi_adjust_cfa_offset -8
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	popq	%rdx
	.cfi_adjust_cfa_offset -8
	popq	%rsi
	.cfi_adjust_cfa_offset -8
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	movq	dwell_real_syscall(%rip), %rax
	jmp	*%rax
	.cfi_endproc
	.size syscall, . - syscall

	.globl vfork
	.type vfork, @function
vfork:
	.cfi_startproc
	endbr64
	/* The child's calls overwrite the stack below; the return address stays in a register,
	   of which each of the two has its own. */
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	.cfi_register %rip, %rdi
	movq	dwell_self@gottpoff(%rip), %rsi
	movl	$SYS_VFORK, %eax
	syscall
	pushq	%rdi
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %rip, 0
	testl	%eax, %eax
	js	2f
	jnz	1f
	/* dwell_self.quiet is the first member. */
	incl	%fs:(%rsi)
	ret
1:	decl	%fs:(%rsi)
	ret
2:	negl	%eax
	pushq	%rax
	.cfi_adjust_cfa_offset 8
	call	__errno_location@PLT
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	movl	%ecx, (%rax)
	movl	$-1, %eax
	ret
	.cfi_endproc
	.size vfork, . - vfork

#endif

	.section .note.GNU-stack, "", @progbits
