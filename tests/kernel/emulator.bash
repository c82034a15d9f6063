# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# shellcheck shell=bash disable=SC2034
#
# How the tests emulate a machine, and what its kernel is told.
#
# A CPU with ERMS or FSRM makes Linux copy by `rep movsb`, which the emulator runs byte by byte. Debian's
# kernel clears all memory before it is used. Without these two the verifier takes half the time.

x86_cpu=max,erms=off,fsrm=off
quick='mitigations=off init_on_alloc=0'
emulator=(qemu-system-x86_64 -accel tcg -cpu "$x86_cpu" -smp 2
	-nodefaults -no-user-config -no-reboot -display none -serial stdio)
kernel_options="console=ttyS0 quiet no_timer_check panic=-1 $quick"
