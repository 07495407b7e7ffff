/* The Task as a component: the functions that `wit-bindgen c` declares for wit/task.wit. */
#include <stdlib.h>
#include <string.h>

#include "task.h"
#include "total.h"

bool exports_stepwell_task_handler_handle(exports_stepwell_task_handler_json_t *input,
                                          exports_stepwell_task_handler_json_t *answer,
                                          exports_stepwell_task_handler_failure_t *failed) {
    order_total total;
    const failure *why = order_total_of((const char *)input->ptr, input->len, &total);
    task_string_free(input);
    if (why != NULL) {
        task_string_dup(&failed->error, why->error);
        task_string_dup(&failed->cause, why->cause);
        return false;
    }
    char json[ORDER_TOTAL_JSON_BYTES];
    task_string_dup_n(answer, json, order_total_print(&total, json));
    return true;
}
