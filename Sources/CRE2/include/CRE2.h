#ifndef FRAUD_CRE2_H
#define FRAUD_CRE2_H
#endif
