# SPDX-License-Identifier: MIT
# Puts style and script into the page of a report and writes it as a C array:
#   cmake -D FOLDER=cli/page -D OUTPUT=report_page.c -P embed.cmake
file(READ ${FOLDER}/report.html page)
file(READ ${FOLDER}/report.css style)
file(READ ${FOLDER}/report.js script)
string(REPLACE "@STYLE@" "${style}" page "${page}")
string(REPLACE "@SCRIPT@" "${script}" page "${page}")
string(HEX "${page}" hex)
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
string(REGEX REPLACE "(([^,]*,){16})" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "/* Made from ${FOLDER} by embed.cmake. */
#include \"report_page.h\"

const size_t report_page_size = ${size};
const char report_page[] = {
${bytes}'\\0'};
")
