/* SPDX-License-Identifier: MIT
 * What SIGINT and SIGTERM do: they end the program without leaving anything half-written or, where
 * work done can be saved, are a wish to stop. */
#ifndef TDROP_CLI_INTERRUPT_H
#define TDROP_CLI_INTERRUPT_H

/* From here on the first signal ends the program, which says so and removes the files that are
 * being written, and dies by the signal as it would without this. One that is ignored stays so, as
 * in the background of a script. */
void interrupt_end(void);

/* From here on the first signal is only noted; the second, of either kind, ends the program as
 * above, at once. */
void interrupt_catch(void);

/* From here on the first ends it again. */
void interrupt_release(void);

/* The name of the signal that came, "SIGINT" or "SIGTERM", or NULL. */
const char *interrupt_came(void);

#endif
