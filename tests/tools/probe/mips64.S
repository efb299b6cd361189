/* Copyright: multiarch.builders contributors
 * GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * mips64 and mips64le, ABI n64, of MIPS III instructions: uname(2) into the stack, write utsname.machine and a newline, exit(bytes written - length).
 */

        .set    noreorder
        .globl  _start
_start: daddiu  $29, $29, -400          /* struct utsname: 6 fields of 65 bytes */
        daddu   $4, $29, $0
        addiu   $2, $0, 5061            /* newuname */
        syscall
        daddiu  $5, $29, 260            /* utsname.machine */
        daddu   $6, $5, $0
1:      lbu     $8, 0($6)
        bnez    $8, 1b
        daddiu  $6, $6, 1               /* delay slot */
        addiu   $8, $0, 10
        sb      $8, -1($6)
        dsubu   $16, $6, $5             /* kept: a system call may clobber $8 to $15 */
        daddu   $6, $16, $0
        addiu   $4, $0, 1
        addiu   $2, $0, 5001            /* write */
        syscall
        dsubu   $4, $2, $16
        addiu   $2, $0, 5058            /* exit */
        syscall
