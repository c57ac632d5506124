#include "CRE2.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include <re2/re2.h>
#include <re2/set.h>

// No C++ exception may reach Swift: each function that can run out of memory catches and reports it.

struct fraud_re2_set {
    re2::RE2::Set set;
    bool compiled = false;

    explicit fraud_re2_set(const re2::RE2::Options &options) : set(options, re2::RE2::UNANCHORED) {}
};

fraud_re2_set *fraud_re2_set_create(int64_t memory_bytes) {
    try {
        re2::RE2::Options options;
        options.set_max_mem(memory_bytes);
        options.set_log_errors(false);
        options.set_never_capture(true);
        return new fraud_re2_set(options);
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

void fraud_re2_set_destroy(fraud_re2_set *set) { delete set; }

static void copy_message(const std::string &text, char *message, size_t capacity) {
    size_t length = std::min(text.size(), capacity - 1);
    std::memcpy(message, text.data(), length);
    message[length] = 0;
}

int fraud_re2_set_add(fraud_re2_set *set, const char *pattern, size_t length, char *message, size_t message_capacity) {
    message[0] = 0;
    if (set->compiled) {
        copy_message("the set is compiled already", message, message_capacity);
        return 0;
    }
    try {
        std::string error;
        if (set->set.Add(re2::StringPiece(pattern, length), &error) >= 0) return 1;
        copy_message(error, message, message_capacity);
    } catch (const std::bad_alloc &) {
        copy_message("out of memory", message, message_capacity);
    }
    return 0;
}

int fraud_re2_set_compile(fraud_re2_set *set) {
    try {
        set->compiled = set->set.Compile();
    } catch (const std::bad_alloc &) {
        set->compiled = false;
    }
    return set->compiled ? 1 : 0;
}

int fraud_re2_set_match(const fraud_re2_set *set, const void *bytes, size_t length) {
    if (!set->compiled) return FRAUD_RE2_OUT_OF_MEMORY;
    try {
        re2::RE2::Set::ErrorInfo error{re2::RE2::Set::kNoError};
        re2::StringPiece text(static_cast<const char *>(bytes), length);
        if (set->set.Match(text, nullptr, &error)) return FRAUD_RE2_MATCH;
        return error.kind == re2::RE2::Set::kNoError ? FRAUD_RE2_NO_MATCH : FRAUD_RE2_OUT_OF_MEMORY;
    } catch (const std::bad_alloc &) {
        return FRAUD_RE2_OUT_OF_MEMORY;
    }
}
