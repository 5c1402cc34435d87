/* SPDX-License-Identifier: MIT
 * The header of a .npy file is a Python dict literal with three keys:
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (60000, 28, 28), }
 * It is parsed strictly and never evaluated. */
#include "data/npy.h"

#include "base/byte_order.h"
#include "base/error.h"
#include "base/memory.h"
#include "data/array.h"

#include <string.h>

static const unsigned char magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
enum { VERSION_AT = sizeof magic, LENGTH_AT = VERSION_AT + 2, STRING_SIZE = 32 };

bool tdrop_npy_matches(const unsigned char *bytes, size_t size) {
    return size >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

/* Where the parser stands in the header, and what it has understood so far. */
typedef struct parser {
    const unsigned char *file, *at, *end;
    tdrop_array *array;
    tdrop_error *error;
} parser;

static tdrop_status syntax_error(const parser *p, const char *expected) {
    return tdrop_fail(p->error, TDROP_ERROR_FORMAT,
                      "%s: the .npy header is damaged at byte %zu, where %s should be",
                      p->array->name, (size_t)(p->at - p->file), expected);
}

/* ---------------------------------------------------------------------------------------------
 * Pieces of the literal
 */

static void skip_space(parser *p) {
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
        p->at++;
}

/* Skips space and then the character, if it is there. */
static bool accept(parser *p, char wanted) {
    skip_space(p);
    if (p->at == p->end || *p->at != (unsigned char)wanted) return false;
    p->at++;
    return true;
}

static bool accept_word(parser *p, const char *word) {
    size_t length = strlen(word);
    skip_space(p);
    if ((size_t)(p->end - p->at) < length || memcmp(p->at, word, length) != 0) return false;
    p->at += length;
    return true;
}

/* A short string of printable ASCII without escapes, in quotes of either kind. */
static bool accept_string(parser *p, char string[STRING_SIZE]) {
    char quote = accept(p, '\'') ? '\'' : '"';
    if (quote == '"' && !accept(p, '"')) return false;
    for (size_t length = 0; p->at < p->end && length < STRING_SIZE; length++) {
        char c = (char)*p->at++;
        string[length] = '\0';
        if (c == quote) return true;
        if (c < ' ' || c > '~' || c == '\\') return false;
        string[length] = c;
    }
    return false;
}

/* A whole number without a sign. */
static tdrop_status parse_size(parser *p, size_t *size) {
    skip_space(p);
    const unsigned char *start = p->at;
    size_t value = 0;
    for (; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
        size_t digit = (size_t)(*p->at - '0');
        if (!tdrop_multiply(value, 10, &value) || value + digit < value)
            return tdrop_fail(p->error, TDROP_ERROR_OVERFLOW,
                              "%s: a dimension in the header is beyond what this machine can "
                              "address",
                              p->array->name);
        value += digit;
    }
    if (p->at == start) return syntax_error(p, "a whole number");
    *size = value;
    return TDROP_OK;
}

/* ---------------------------------------------------------------------------------------------
 * The three values
 */

/* What numpy's letter stands for, of types that are no real numbers. */
static const char *refused_kind(char letter) {
    static const struct {
        char letter;
        const char *kind;
    } rows[] = {
        {'c', "complex numbers"}, {'O', "Python objects"}, {'U', "text"},         {'S', "text"},
        {'V', "records"},         {'M', "dates"},          {'m', "spans of time"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].letter == letter) return rows[i].kind;
    return "elements of an unknown type";
}

static bool find_number(const char *type, tdrop_number *number) {
    static const struct {
        const char *type;
        tdrop_number number;
    } rows[] = {
        {"b1", TDROP_NUMBER_BOOL}, {"?", TDROP_NUMBER_BOOL}, {"u1", TDROP_NUMBER_U8},
        {"i1", TDROP_NUMBER_I8},   {"u2", TDROP_NUMBER_U16}, {"i2", TDROP_NUMBER_I16},
        {"u4", TDROP_NUMBER_U32},  {"i4", TDROP_NUMBER_I32}, {"u8", TDROP_NUMBER_U64},
        {"i8", TDROP_NUMBER_I64},  {"f2", TDROP_NUMBER_F16}, {"f4", TDROP_NUMBER_F32},
        {"f8", TDROP_NUMBER_F64},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].type, type) != 0) continue;
        *number = rows[i].number;
        return true;
    }
    return false;
}

static tdrop_status refuse_type(const parser *p, const char *kind, const char *type) {
    return tdrop_fail(p->error, TDROP_ERROR_FORMAT,
                      "%s: holds %s (dtype %s); save an array of bool, integers or floats of at "
                      "most 8 bytes, as astype('float32') makes",
                      p->array->name, kind, type);
}

/* '<f4': byte order, kind and size. */
static tdrop_status parse_descr(parser *p) {
    char descr[STRING_SIZE];
    skip_space(p);
    if (p->at < p->end && *p->at == '[') return refuse_type(p, "records", "with fields");
    if (!accept_string(p, descr)) return syntax_error(p, "the element type in quotes");
    const char *type = descr;
    p->array->big_endian = tdrop_host_is_big_endian();
    if (*type != '\0' && strchr("<>|=", *type)) {
        if (*type == '<' || *type == '>') p->array->big_endian = *type == '>';
        type++;
    }
    if (!find_number(type, &p->array->number)) return refuse_type(p, refused_kind(*type), descr);
    return TDROP_OK;
}

static tdrop_status parse_order(parser *p) {
    p->array->fortran = accept_word(p, "True");
    if (!p->array->fortran && !accept_word(p, "False")) return syntax_error(p, "True or False");
    return TDROP_OK;
}

/* (3, 4) or (3,): a tuple of one needs its comma, as in Python. */
static tdrop_status parse_shape(parser *p) {
    if (!accept(p, '(')) return syntax_error(p, "'('");
    int dims = 0;
    bool comma = true;
    while (!accept(p, ')')) {
        if (!comma) return syntax_error(p, "',' or ')'");
        if (dims == TDROP_ARRAY_DIMS)
            return tdrop_fail(p->error, TDROP_ERROR_FORMAT,
                              "%s: more than %d dimensions; reshape the array", p->array->name,
                              TDROP_ARRAY_DIMS);
        tdrop_status status = parse_size(p, &p->array->shape[dims]);
        if (status) return status;
        dims++;
        comma = accept(p, ',');
    }
    if (dims == 1 && !comma) return syntax_error(p, "a tuple (with ',' before ')')");
    if (dims == 0)
        return tdrop_fail(p->error, TDROP_ERROR_DATA,
                          "%s: a single number, not an array; reshape it to (1, 1)",
                          p->array->name);
    p->array->dims = dims;
    return TDROP_OK;
}

/* ---------------------------------------------------------------------------------------------
 * The header
 */

static const struct {
    const char *key;
    tdrop_status (*parse)(parser *p);
} fields[] = {{"descr", parse_descr}, {"fortran_order", parse_order}, {"shape", parse_shape}};
enum { FIELDS = sizeof fields / sizeof *fields };

/* One 'key': value; every key once. */
static tdrop_status parse_field(parser *p, bool seen[FIELDS]) {
    char key[STRING_SIZE];
    const unsigned char *start = p->at;
    if (!accept_string(p, key)) return syntax_error(p, "a key in quotes");
    size_t i = 0;
    while (i < FIELDS && strcmp(fields[i].key, key) != 0)
        i++;
    if (i == FIELDS || seen[i]) {
        p->at = start;
        return syntax_error(p, "one of 'descr', 'fortran_order' and 'shape', each once,");
    }
    seen[i] = true;
    if (!accept(p, ':')) return syntax_error(p, "':'");
    return fields[i].parse(p);
}

static tdrop_status parse_dict(parser *p) {
    bool seen[FIELDS] = {false}, comma = true;
    if (!accept(p, '{')) return syntax_error(p, "'{'");
    while (!accept(p, '}')) {
        if (!comma) return syntax_error(p, "',' or '}'");
        tdrop_status status = parse_field(p, seen);
        if (status) return status;
        comma = accept(p, ',');
    }
    for (size_t i = 0; i < FIELDS; i++)
        if (!seen[i])
            return tdrop_fail(p->error, TDROP_ERROR_FORMAT, "%s: the .npy header lacks '%s'",
                              p->array->name, fields[i].key);
    skip_space(p);
    return p->at == p->end ? TDROP_OK : syntax_error(p, "the header's end");
}

/* Finds where the header's text begins and ends; its length field has 2 bytes in version 1 and 4 in
 * versions 2 and 3, lowest first. */
static tdrop_status find_header(parser *p, size_t size) {
    const char *name = p->array->name;
    if (size < LENGTH_AT + 4)
        return tdrop_fail(p->error, TDROP_ERROR_FORMAT,
                          "%s: cut short within the .npy header; get it again", name);
    unsigned major = p->file[VERSION_AT], minor = p->file[VERSION_AT + 1];
    if (major < 1 || major > 3 || minor != 0)
        return tdrop_fail(p->error, TDROP_ERROR_FORMAT,
                          "%s: .npy version %u.%u; 1.0, 2.0 and 3.0 are read", name, major, minor);
    size_t width = major == 1 ? 2 : 4;
    size_t length = (size_t)tdrop_read_little(p->file + LENGTH_AT, width);
    size_t there = size - LENGTH_AT - width;
    if (length > there)
        return tdrop_fail(p->error, TDROP_ERROR_FORMAT,
                          "%s: cut short, %zu of the %zu bytes of the .npy header are there; get "
                          "it again",
                          name, there, length);
    p->at = p->file + LENGTH_AT + width;
    p->end = p->at + length;
    return TDROP_OK;
}

tdrop_status tdrop_npy_parse(tdrop_data **data, const char *name, const unsigned char *bytes,
                             size_t size, const tdrop_data_read_options *options,
                             tdrop_error *error) {
    if (!tdrop_npy_matches(bytes, size))
        return tdrop_fail(error, TDROP_ERROR_FORMAT, "%s: not a .npy file", name);
    tdrop_array array = {.name = name};
    parser p = {.file = bytes, .array = &array, .error = error};
    tdrop_status status = find_header(&p, size);
    if (!status) status = parse_dict(&p);
    if (status) return status;
    array.bytes = p.end;
    array.size = size - (size_t)(p.end - bytes);
    return tdrop_array_to_table(data, &array, options, error);
}
