/* What this Task does, whichever way it is called. */
#ifndef TOTAL_H
#define TOTAL_H

#include <stddef.h>
#include <stdint.h>

/* The lines of an order, added up. */
typedef struct {
    uint64_t lines;
    uint64_t total_cents;
    uint64_t largest_cents;
} order_total;

/* How the Task fails: `error` is what Retriers and Catchers match. */
typedef struct {
    const char *error;
    const char *cause;
} failure;

/* Long enough for any answer of `order_total_print`. */
#define ORDER_TOTAL_JSON_BYTES 128

/* Adds up `[4999, 1250]`; NULL when it could, else why not. The text need not end in NUL. */
const failure *order_total_of(const char *json, size_t length, order_total *total);

/* Writes the answer's JSON, and answers its length. */
size_t order_total_print(const order_total *total, char json[ORDER_TOTAL_JSON_BYTES]);

#endif
