/* SPDX-License-Identifier: MIT */
#include "data/split.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/names.h"
#include "data/distinct.h"
#include "data/hash.h"
#include "data/table.h"

static const char *const kind_names[] = {
    [TDROP_SPLIT_ROWS] = "rows",
    [TDROP_SPLIT_CLASSES] = "classes",
    [TDROP_SPLIT_GROUPS] = "groups",
    [TDROP_SPLIT_TABLE] = "table",
};
enum { KINDS = sizeof kind_names / sizeof *kind_names };

const char *tdrop_split_kind_name(tdrop_split_kind kind) {
    return tdrop_name_of(kind_names, KINDS, (unsigned)kind);
}

tdrop_status tdrop_split_kind_parse(const char *name, tdrop_split_kind *kind) {
    unsigned number = 0;
    if (!kind) return TDROP_ERROR_NULL;
    tdrop_status status = tdrop_name_find(kind_names, KINDS, name, &number);
    if (!status) *kind = (tdrop_split_kind)number;
    return status;
}

static size_t valid_rows(size_t rows, double share) {
    size_t count = (size_t)((double)rows * share + 0.5);
    return count < 1 ? 1 : count > rows - 1 ? rows - 1 : count;
}

static tdrop_status fail_about(const tdrop_split_rule *rule, tdrop_error *error, const char *text) {
    return tdrop_fail(error, TDROP_ERROR_DATA, "%.200s%s%s", rule->name ? rule->name : "",
                      rule->name ? ": " : "", text);
}

static tdrop_draw draw_of(const tdrop_split_rule *rule) {
    return (tdrop_draw){.seed = rule->seed, .purpose = TDROP_PURPOSE_SPLIT};
}

/* Which rows are held out, where each stands for itself. */
static void choose_rows(size_t rows, const tdrop_split_rule *rule, bool *held_out) {
    const tdrop_draw draw = draw_of(rule);
    const size_t count = valid_rows(rows, rule->share);
    for (size_t i = 0; i < rows; i++)
        held_out[i] = tdrop_permute(&draw, rows, i) < count;
}

/* ---------------------------------------------------------------------------------------------
 * Classes
 */

/* A class while its rows are met one after the other. */
typedef struct class_share {
    size_t rows, held_out, met;
} class_share;

/* Finds the sizes of the classes, and returns how many rows are held out of all. */
static size_t count_classes(class_share *class, size_t rows, const tdrop_split_rule *rule) {
    size_t held_out = 0;
    for (size_t i = 0; i < rows; i++)
        class[(size_t)rule->class_of[i]].rows++;
    for (size_t c = 0; c < rule->classes; c++) {
        if (class[c].rows >= 2) class[c].held_out = valid_rows(class[c].rows, rule->share);
        held_out += class[c].held_out;
    }
    return held_out;
}

/* A permutation for each class, or classes whose rows take turns would give neighbours. */
static tdrop_status choose_of_classes(size_t rows, const tdrop_split_rule *rule, bool *held_out,
                                      tdrop_error *error) {
    tdrop_draw draw = draw_of(rule);
    class_share *class = tdrop_alloc_zero(rule->classes, sizeof *class);
    if (!class) return tdrop_fail_memory(error, "held-out rows");
    const size_t count = count_classes(class, rows, rule);
    for (size_t i = 0; i < rows; i++) {
        class_share *own = &class[(size_t)rule->class_of[i]];
        draw.layer = (uint32_t)rule->class_of[i];
        held_out[i] = tdrop_permute(&draw, own->rows, own->met++) < own->held_out;
    }
    tdrop_free(class);
    if (count) return TDROP_OK;
    return fail_about(rule, error,
                      "each label stands in one row only, so no row can be held out: at least one "
                      "label is needed in 2 rows");
}

/* ---------------------------------------------------------------------------------------------
 * Groups
 */

static tdrop_status check_groups(const tdrop_data *groups, size_t rows, tdrop_error *error) {
    const tdrop_data_info *info = &groups->info;
    if (info->columns > 1)
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "%s: groups are one column, but its rows have %zu columns", info->name,
                          info->columns);
    if (info->rows != rows)
        return tdrop_fail(error, TDROP_ERROR_DATA, "%s: groups of %zu rows, but the data have %zu",
                          info->name, info->rows, rows);
    if (info->missing > 0)
        return tdrop_fail(error, TDROP_ERROR_DATA,
                          "%s: %zu rows are of no group; fill their cells in", info->name,
                          info->missing);
    return TDROP_OK;
}

/* The group of each row, and of each group its rows and whether it is held out. */
typedef struct grouping {
    size_t *of_row, groups, *rows;
    bool *held_out;
} grouping;

static void grouping_clear(grouping *g) {
    tdrop_free(g->of_row);
    tdrop_free(g->rows);
    tdrop_free(g->held_out);
}

/* Numbers the groups as their cells rise; `cell` has room for as many as there are rows. */
static void number_groups(grouping *g, const tdrop_data *groups, double *cell) {
    const size_t rows = groups->info.rows;
    for (size_t i = 0; i < rows; i++)
        tdrop_table_row(groups, i, &cell[i]);
    g->groups = tdrop_distinct(cell, rows);
    for (size_t i = 0; i < rows; i++) {
        double own;
        tdrop_table_row(groups, i, &own);
        g->of_row[i] = tdrop_distinct_place(cell, g->groups, own);
    }
}

static tdrop_status grouping_create(grouping *g, const tdrop_data *groups) {
    const size_t rows = groups->info.rows;
    double *cell = tdrop_alloc(rows, sizeof *cell);
    *g = (grouping){.of_row = tdrop_alloc(rows, sizeof *g->of_row)};
    if (cell && g->of_row) number_groups(g, groups, cell);
    tdrop_free(cell);
    if (g->groups) {
        g->rows = tdrop_alloc_zero(g->groups, sizeof *g->rows);
        g->held_out = tdrop_alloc_zero(g->groups, sizeof *g->held_out);
    }
    if (!g->rows || !g->held_out) return TDROP_ERROR_MEMORY;
    for (size_t i = 0; i < rows; i++)
        g->rows[g->of_row[i]]++;
    return TDROP_OK;
}

/* Group after group in permuted order, each held out if that brings the rows nearer to what is
 * wanted; the first of them in any case, the last in none. */
static void hold_out_groups(grouping *g, size_t rows, const tdrop_split_rule *rule,
                            const size_t *order) {
    const double wanted = (double)rows * rule->share;
    double held = 0.0;
    for (size_t at = 0; at + 1 < g->groups; at++) {
        const size_t group = order[at];
        const double with = held + (double)g->rows[group];
        if (at > 0 && with - wanted > wanted - held) continue;
        g->held_out[group] = true;
        held = with;
    }
}

static tdrop_status order_groups(const grouping *g, const tdrop_split_rule *rule, size_t **order) {
    const tdrop_draw draw = draw_of(rule);
    *order = tdrop_alloc(g->groups, sizeof **order);
    for (size_t i = 0; *order && i < g->groups; i++)
        (*order)[tdrop_permute(&draw, g->groups, i)] = i;
    return *order ? TDROP_OK : TDROP_ERROR_MEMORY;
}

/* Of the numbers of the groups, not their cells: what groups are called decides nothing. */
static uint64_t hash_groups(const grouping *g, size_t rows) {
    tdrop_hash hash = {{0}, 0};
    for (size_t i = 0; i < rows; i++) {
        const uint64_t group = g->of_row[i];
        tdrop_hash_add(&hash, &group, 1, sizeof group);
    }
    return tdrop_hash_value(&hash);
}

static tdrop_status choose_groups(size_t rows, const tdrop_split_rule *rule, bool *held_out,
                                  uint64_t *hash, tdrop_error *error) {
    grouping g = {0};
    size_t *order = NULL;
    tdrop_status status = check_groups(rule->groups, rows, error);
    if (status) return status;
    status = grouping_create(&g, rule->groups);
    if (!status) status = order_groups(&g, rule, &order);
    if (status) {
        tdrop_fail_memory(error, "groups");
    } else if (g.groups < 2) {
        status =
            tdrop_fail(error, TDROP_ERROR_DATA,
                       "%s: all rows are of one group, which would leave one side of the split "
                       "empty; name another column",
                       rule->groups->info.name);
    } else {
        hold_out_groups(&g, rows, rule, order);
        for (size_t i = 0; i < rows; i++)
            held_out[i] = g.held_out[g.of_row[i]];
        *hash = hash_groups(&g, rows);
    }
    tdrop_free(order);
    grouping_clear(&g);
    return status;
}

/* ---------------------------------------------------------------------------------------------
 * Both sides
 */

static tdrop_status list_rows(tdrop_split *split, size_t rows, const bool *held_out) {
    size_t count = 0;
    for (size_t i = 0; i < rows; i++)
        count += held_out[i];
    size_t *numbers = tdrop_alloc(rows, sizeof *numbers);
    if (!numbers) return TDROP_ERROR_MEMORY;
    *split = (tdrop_split){.valid = numbers, .train = numbers + count};
    for (size_t i = 0; i < rows; i++) {
        if (held_out[i])
            split->valid[split->valid_count++] = i;
        else
            split->train[split->train_count++] = i;
    }
    return TDROP_OK;
}

tdrop_status tdrop_split_make(tdrop_split *split, size_t rows, const tdrop_split_rule *rule,
                              tdrop_error *error) {
    tdrop_status status = TDROP_OK;
    uint64_t groups_hash = 0;
    if (rows < 2)
        return fail_about(rule, error,
                          "one row only: at least 2 are needed, one of them to hold out");
    bool *held_out = tdrop_alloc(rows, sizeof *held_out);
    if (!held_out) return tdrop_fail_memory(error, "held-out rows");
    if (rule->groups)
        status = choose_groups(rows, rule, held_out, &groups_hash, error);
    else if (rule->class_of)
        status = choose_of_classes(rows, rule, held_out, error);
    else
        choose_rows(rows, rule, held_out);
    if (!status && list_rows(split, rows, held_out))
        status = tdrop_fail_memory(error, "held-out rows");
    if (!status) split->groups_hash = groups_hash;
    tdrop_free(held_out);
    return status;
}

tdrop_status tdrop_split_of_tables(tdrop_split *split, size_t rows, size_t valid_rows,
                                   tdrop_error *error) {
    size_t *numbers = tdrop_alloc(rows + valid_rows, sizeof *numbers);
    if (!numbers) return tdrop_fail_memory(error, "held-out rows");
    *split = (tdrop_split){.train_count = rows,
                           .valid_count = valid_rows,
                           .valid = numbers,
                           .train = numbers + valid_rows};
    for (size_t i = 0; i < valid_rows; i++)
        split->valid[i] = i;
    for (size_t i = 0; i < rows; i++)
        split->train[i] = i;
    return TDROP_OK;
}

void tdrop_split_clear(tdrop_split *split) {
    tdrop_free(split->valid); /* the block holds both */
    *split = (tdrop_split){0};
}
