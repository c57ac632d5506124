#include "CADBC.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

AdbcStatusCode fraud_adbc_init(void *symbol, int version, struct AdbcDriver *driver, struct AdbcError *error) {
    AdbcDriverInitFunc init;
    memcpy(&init, &symbol, sizeof init);
    return init(version, driver, error);
}

const char *fraud_duckdb_find(void *library, struct fraud_duckdb *out) {
    static const char *const names[] = {
        "duckdb_create_config", "duckdb_set_config", "duckdb_destroy_config", "duckdb_open_ext", "duckdb_close", "duckdb_connect",
        "duckdb_disconnect", "duckdb_arrow_scan", "duckdb_query", "duckdb_result_error", "duckdb_rows_changed", "duckdb_destroy_result",
        "duckdb_free",
    };
    enum { count = sizeof names / sizeof *names };
    _Static_assert(sizeof *out == count * sizeof(void *), "a name for each function, in their order");
    for (size_t i = 0; i < count; i++) {
        void *symbol = dlsym(library, names[i]);
        if (!symbol) return names[i];
        memcpy((char *)out + i * sizeof symbol, &symbol, sizeof symbol);
    }
    return NULL;
}

static void release_schema(struct ArrowSchema *schema) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        struct ArrowSchema *child = schema->children[i];
        if (child->release) child->release(child);
        free(child);
    }
    free(schema->children);
    free((void *)schema->format);
    free((void *)schema->name);
    schema->release = NULL;
}

int fraud_arrow_schema_init(struct ArrowSchema *out, const char *format, const char *name, int64_t children) {
    memset(out, 0, sizeof *out);
    out->release = release_schema;
    out->flags = ARROW_FLAG_NULLABLE;
    out->format = strdup(format);
    out->name = strdup(name);
    if (children > 0) out->children = calloc((size_t)children, sizeof *out->children);
    int ok = out->format && out->name && (children == 0 || out->children);
    for (int64_t i = 0; ok && i < children; i++) {
        out->children[i] = calloc(1, sizeof **out->children);
        if (out->children[i]) out->n_children = i + 1;
        else ok = 0;
    }
    if (ok) return 0;
    out->release(out);
    return -1;
}

static void release_lent_schema(struct ArrowSchema *schema) { schema->release = NULL; }

static void lend_schema_children(struct ArrowSchema *schema) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        schema->children[i]->release = release_lent_schema;
        lend_schema_children(schema->children[i]);
    }
}

void fraud_arrow_schema_lend(const struct ArrowSchema *schema, struct ArrowSchema *out) {
    *out = *schema;
    out->release = release_lent_schema;
    lend_schema_children(out);
}

void fraud_arrow_schema_free(struct ArrowSchema *schema) {
    for (int64_t i = 0; i < schema->n_children; i++) {
        fraud_arrow_schema_free(schema->children[i]);
        free(schema->children[i]);
    }
    schema->n_children = 0;
    if (schema->release) release_schema(schema);
}

struct array_owner {
    void *owner;
    void (*release_owner)(void *);
};

static void free_array(struct ArrowArray *array) {
    for (int64_t i = 0; i < array->n_children; i++) {
        struct ArrowArray *child = array->children[i];
        if (child->release) child->release(child);
        free(child);
    }
    free(array->children);
    free((void *)array->buffers);
    free(array->private_data);
    array->release = NULL;
}

static void release_array(struct ArrowArray *array) {
    struct array_owner held = *(struct array_owner *)array->private_data;
    free_array(array);
    held.release_owner(held.owner);
}

int fraud_arrow_array_init(
    struct ArrowArray *out, int64_t length, int64_t null_count, int64_t buffers, int64_t children,
    void *owner, void (*release_owner)(void *)) {
    memset(out, 0, sizeof *out);
    out->length = length;
    out->null_count = null_count;
    out->n_buffers = buffers;
    out->buffers = calloc((size_t)(buffers > 0 ? buffers : 1), sizeof *out->buffers);
    out->children = children > 0 ? calloc((size_t)children, sizeof *out->children) : NULL;
    struct array_owner *held = malloc(sizeof *held);
    out->private_data = held;
    int ok = out->buffers && held && (children == 0 || out->children);
    for (int64_t i = 0; ok && i < children; i++) {
        out->children[i] = calloc(1, sizeof **out->children);
        if (out->children[i]) out->n_children = i + 1;
        else ok = 0;
    }
    if (!ok) {
        free_array(out);
        return -1;
    }
    *held = (struct array_owner){owner, release_owner};
    out->release = release_array;
    return 0;
}
