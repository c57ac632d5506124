#ifndef FRAUD_CADBC_H
#define FRAUD_CADBC_H
#endif
