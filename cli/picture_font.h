/* SPDX-License-Identifier: MIT
 * The few letters that pictures need, as dots. */
#ifndef TDROP_CLI_PICTURE_FONT_H
#define TDROP_CLI_PICTURE_FONT_H

enum { GLYPH_WIDTH = 5, GLYPH_HEIGHT = 7 };

/* The dots of a letter, row by row, '#' for ink; NULL for letters that are not there: only digits,
 * '=' and the letters of "input" and "k" are. */
const char *picture_font_glyph(char letter);

#endif
