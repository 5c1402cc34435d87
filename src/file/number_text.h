/* SPDX-License-Identifier: MIT
 * Floating-point numbers as text that reads back as the same double, with a point whatever the
 * locale of the host program has. */
#ifndef TDROP_FILE_NUMBER_TEXT_H
#define TDROP_FILE_NUMBER_TEXT_H

/* Room for the text of any number. */
enum { TDROP_NUMBER_TEXT = 32 };

/* With 17 digits. Returns text. */
const char *tdrop_number_text(double value, char text[TDROP_NUMBER_TEXT]);

/* With as few digits as will do: for people. Returns text. */
const char *tdrop_number_short_text(double value, char text[TDROP_NUMBER_TEXT]);

#endif
