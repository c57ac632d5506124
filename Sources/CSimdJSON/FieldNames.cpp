#include "FieldNames.hpp"

int fraud_find_field(const uint8_t *name, size_t length) {
    uint8_t padded[fraud::readable_padding * 2] = {};
    if (length > fraud::readable_padding) return FRAUD_FIELD_NONE;
    memcpy(padded, name, length);
    return fraud::find_field(padded, length);
}
