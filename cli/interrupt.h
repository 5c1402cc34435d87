/* SPDX-License-Identifier: MIT
 * SIGINT and SIGTERM as a wish to stop, so that work done can be saved. */
#ifndef TDROP_CLI_INTERRUPT_H
#define TDROP_CLI_INTERRUPT_H

/* From here on the first signal is only noted; the second, of either kind, ends the program at
 * once. */
void interrupt_catch(void);

/* From here on they end the program again. */
void interrupt_release(void);

/* The name of the signal that came, "SIGINT" or "SIGTERM", or NULL. */
const char *interrupt_came(void);

#endif
