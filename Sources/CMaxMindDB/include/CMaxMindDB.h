#ifndef FRAUD_CMaxMindDB_H
#define FRAUD_CMaxMindDB_H
#endif
