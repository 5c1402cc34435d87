/* SPDX-License-Identifier: MIT
 * Elementary functions of + - * / alone, which every processor rounds alike. libm's may differ in
 * the last bit from processor to processor, and with it every number that follows. */
#ifndef TDROP_BASE_ELEMENTARY_H
#define TDROP_BASE_ELEMENTARY_H

/* The natural logarithm of a finite x > 0 that is no denormal, to about 1e-15 of its value. */
double tdrop_log(double x);

#endif
