/* Adds up the lines of an order: `[4999, 1250]`, in cents, to their count, sum and largest.
 * It reads no other JSON than that: a Task that does brings a library, such as cJSON. */
#include "total.h"

#include <stdbool.h>
#include <string.h>

/* The sum that every language can still count exactly: 2^53 - 1, as JavaScript has it. */
#define CENTS_MAX ((UINT64_C(1) << 53) - 1)

static const failure empty_order = {"EmptyOrder", "an order has at least one line"};
static const failure too_much = {"TooMuch", "more than 9007199254740991 cents"};
static const failure invalid_input = {"InvalidInput",
                                      "expected an array of whole numbers, not negative"};

/* What is left to read. */
typedef struct {
    const char *next;
    const char *end;
} reader;

static void skip_space(reader *text) {
    while (text->next < text->end && memchr(" \t\r\n", *text->next, 4)) text->next++;
}

/* Takes one character, and the white space around it. */
static bool take(reader *text, char wanted) {
    skip_space(text);
    if (text->next == text->end || *text->next != wanted) return false;
    text->next++;
    skip_space(text);
    return true;
}

static bool at_digit(const reader *text) {
    return text->next < text->end && *text->next >= '0' && *text->next <= '9';
}

/* Reads a whole number; one beyond CENTS_MAX stays just beyond it. */
static bool take_cents(reader *text, uint64_t *cents) {
    const char *first = text->next;
    *cents = 0;
    for (; at_digit(text); text->next++) {
        if (*cents <= CENTS_MAX) *cents = *cents * 10 + (uint64_t)(*text->next - '0');
    }
    size_t digits = (size_t)(text->next - first);
    return digits == 1 || (digits > 1 && *first != '0');
}

const failure *order_total_of(const char *json, size_t length, order_total *total) {
    reader text = {json, json + length};
    bool overflow = false;
    memset(total, 0, sizeof *total);
    if (!take(&text, '[')) return &invalid_input;
    if (take(&text, ']')) return text.next == text.end ? &empty_order : &invalid_input;
    do {
        uint64_t cents;
        if (!take_cents(&text, &cents)) return &invalid_input;
        total->lines++;
        if (cents > total->largest_cents) total->largest_cents = cents;
        if (cents > CENTS_MAX - total->total_cents) overflow = true;
        if (!overflow) total->total_cents += cents;
    } while (take(&text, ','));
    if (!take(&text, ']') || text.next != text.end) return &invalid_input;
    return overflow ? &too_much : NULL;
}

static char *put_text(char *to, const char *text) {
    size_t length = strlen(text);
    memcpy(to, text, length);
    return to + length;
}

/* Written out, since printf would bring files and locales along. */
static char *put_number(char *to, uint64_t number) {
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (count > 0) *to++ = digits[--count];
    return to;
}

size_t order_total_print(const order_total *total, char json[ORDER_TOTAL_JSON_BYTES]) {
    char *to = json;
    to = put_number(put_text(to, "{\"lines\":"), total->lines);
    to = put_number(put_text(to, ",\"totalCents\":"), total->total_cents);
    to = put_number(put_text(to, ",\"largestCents\":"), total->largest_cents);
    to = put_text(to, "}");
    return (size_t)(to - json);
}
