/* Copyright: multiarch.builders contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * 386: uname(2) into the stack, write utsname.machine and a newline, exit(bytes written - length).
 */

        .globl  _start
_start: sub     $400, %esp              /* struct utsname: 6 fields of 65 bytes */
        mov     %esp, %ebx
        mov     $122, %eax              /* newuname */
        int     $0x80
        lea     260(%esp), %ecx         /* utsname.machine */
        mov     %ecx, %edx
1:      cmpb    $0, (%edx)
        je      2f
        inc     %edx
        jmp     1b
2:      movb    $10, (%edx)
        inc     %edx
        sub     %ecx, %edx
        mov     $1, %ebx
        mov     $4, %eax                /* write */
        int     $0x80
        sub     %edx, %eax
        mov     %eax, %ebx
        mov     $1, %eax                /* exit */
        int     $0x80
