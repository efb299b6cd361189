/* Copyright: multiarch.builders contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * loong64: uname(2) into the stack, write utsname.machine and a newline, exit(bytes written - length).
 */

        .globl  _start
_start: addi.d  $sp, $sp, -400          /* struct utsname: 6 fields of 65 bytes */
        or      $a0, $sp, $zero
        ori     $a7, $zero, 160         /* uname */
        syscall 0
        addi.d  $a1, $sp, 260           /* utsname.machine */
        or      $a2, $a1, $zero
1:      ld.bu   $t0, $a2, 0
        addi.d  $a2, $a2, 1
        bnez    $t0, 1b
        ori     $t0, $zero, 10
        st.b    $t0, $a2, -1
        sub.d   $a2, $a2, $a1
        ori     $a0, $zero, 1
        ori     $a7, $zero, 64          /* write */
        syscall 0
        sub.d   $a0, $a0, $a2
        ori     $a7, $zero, 93          /* exit */
        syscall 0
