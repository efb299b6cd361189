/* Copyright: multiarch.builders contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * amd64: uname(2) into the stack, write utsname.machine and a newline, exit(bytes written - length).
 */

        .globl  _start
_start: sub     $400, %rsp              /* struct utsname: 6 fields of 65 bytes */
        mov     %rsp, %rdi
        mov     $63, %eax               /* uname */
        syscall
        lea     260(%rsp), %rsi         /* utsname.machine */
        mov     %rsi, %rdx
1:      cmpb    $0, (%rdx)
        je      2f
        inc     %rdx
        jmp     1b
2:      movb    $10, (%rdx)
        inc     %rdx
        sub     %rsi, %rdx
        mov     $1, %edi
        mov     $1, %eax                /* write */
        syscall
        sub     %edx, %eax
        mov     %eax, %edi
        mov     $60, %eax               /* exit */
        syscall
