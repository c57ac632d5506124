#ifndef FRAUD_CSimdJSON_H
#define FRAUD_CSimdJSON_H
#endif
