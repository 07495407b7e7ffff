/* The Task as a WASI command: JSON on standard input, JSON on standard output. */
#include <stdio.h>
#include <stdlib.h>

#include "total.h"

/* What a Task may be given, as wit/task.wit has it. */
#define INPUT_BYTES_MAX 262144

int main(void) {
    static char input[INPUT_BYTES_MAX];
    size_t length = fread(input, 1, sizeof input, stdin);
    order_total total;
    const failure *why = order_total_of(input, length, &total);
    if (why != NULL) {
        printf("{\"errorType\":\"%s\",\"errorMessage\":\"%s\"}\n", why->error, why->cause);
        return EXIT_FAILURE;
    }
    char json[ORDER_TOTAL_JSON_BYTES];
    fwrite(json, 1, order_total_print(&total, json), stdout);
    return EXIT_SUCCESS;
}
